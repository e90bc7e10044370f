// Makes src/gql/operations.ts: the text of every document in graphql/operations/, with the types of its data and variables.
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../graphql/schema.graphql',
  documents: '../../graphql/operations/*.graphql',
  generates: {
    'src/gql/operations.ts': {
      plugins: ['typescript-operations', './document-texts.cjs'],
      config: { scalars: { DateTime: 'string', JSON: 'unknown' }, useTypeImports: true },
    },
  },
};

export default config;
