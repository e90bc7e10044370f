// Bundles src/main.js into main.mjs. Relay's Babel plugin replaces each graphql`...` by what the compiler made of it.

import { transformFileAsync } from '@babel/core';
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.js'],
  outfile: 'main.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  plugins: [
    {
      name: 'relay',
      setup({ onLoad }) {
        onLoad({ filter: /src\/[^/]*\.js$/ }, async ({ path }) => {
          const { code } = await transformFileAsync(path, { plugins: [['relay', { eagerEsModules: true }]], configFile: false });
          return { contents: code, loader: 'js' };
        });
      },
    },
  ],
});
