// graphql-codegen's configuration: npx graphql-codegen --config codegen.ts
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: 'graphql/schema.graphql',
  documents: ['graphql/operations/*.graphql', 'src/**/*.{ts,tsx}'],
  generates: {
    // Types of all operations, and graphql(), which gives the documents in your own code their types.
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: { scalars: { DateTime: 'string', JSON: 'unknown' } },
    },
    // The members of each union and interface, which Apollo's cache needs to match `... on Error`.
    'src/possible-types.ts': { plugins: ['fragment-matcher'] },
  },
};

export default config;
