// Makes documents that urql sends exactly as they are written, so that a server with trusted documents knows them.

import { createRequest, type TypedDocumentNode } from '@urql/core';

/** Returns the document of a text, with the types that graphql-codegen made for it. */
export function operation<Data, Variables>(text: string): TypedDocumentNode<Data, Variables> {
  const { query } = createRequest(text, {});
  if (query.loc) query.loc.source.body = text; // urql would leave out comments
  return query as unknown as TypedDocumentNode<Data, Variables>;
}
