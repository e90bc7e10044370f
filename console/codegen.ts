// Makes src/gql/operations.ts: the types of the data and variables of every document in graphql/operations/.
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../graphql/schema.graphql',
  documents: '../graphql/operations/*.graphql',
  generates: {
    'src/gql/operations.ts': {
      plugins: ['typescript-operations'],
      config: { scalars: { DateTime: 'string', JSON: 'unknown' }, useTypeImports: true },
    },
  },
};

export default config;
