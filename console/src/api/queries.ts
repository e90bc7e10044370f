import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import type { Client } from 'urql';

/** Returns the data of a query, or throws the error. */
export async function query<Data, Variables extends AnyVariables>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const { data, error } = await client.query(document, variables);
  if (error || !data) throw error ?? new Error('the server gave no data');
  return data;
}
