// Builds the console into the server's package, and compresses each file beside itself, so that nothing is compressed per request.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const OUTPUT = '../server/console/dist';
const SERVER = 'http://127.0.0.1:8000';

function precompress(): Plugin {
  return {
    name: 'precompress',
    writeBundle(options, bundle) {
      for (const name of Object.keys(bundle).filter((each) => /\.(js|css|svg)$/.test(each))) {
        const file = join(options.dir ?? OUTPUT, name);
        const content = readFileSync(file);
        writeFileSync(`${file}.br`, brotliCompressSync(content));
        writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig(({ command }) => ({
  base: command === 'build' ? './' : '/console/', // the server leads each page to its files, also below a prefix
  plugins: [precompress()],
  build: {
    outDir: OUTPUT,
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: URLs
    modulePreload: { polyfill: false },
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // these know light-dark()
  },
  server: { proxy: { '/graphql': { target: SERVER, ws: true } }, fs: { allow: ['..'] } },
}));
