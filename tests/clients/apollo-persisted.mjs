// Apollo Client with its link for automatic persisted queries: says what it gets, and what it has sent for it.

import { createHash } from 'node:crypto';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { createPersistedQueryLink } from '@apollo/client/link/persisted-queries';

const [, , serverUrl, method, document] = process.argv;
const sent = [];
const http = new HttpLink({
  uri: `${serverUrl}/graphql`,
  headers: { 'apollo-require-preflight': 'true' },
  fetch(url, options) {
    const { query } = options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(url).searchParams);
    sent.push(`${options.method} ${query ? 'document' : 'hash'}`);
    return fetch(url, options);
  },
});
const persisted = createPersistedQueryLink({
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  useGETForHashedQueries: method === 'GET',
});
const client = new ApolloClient({ cache: new InMemoryCache(), link: persisted.concat(http) });
for (let time = 0; time < 2; time++) {
  const { data, error } = await client.query({ query: gql(document), fetchPolicy: 'network-only', errorPolicy: 'all' });
  process.stdout.write(`${JSON.stringify({ data, error: error?.message, sent: sent.splice(0) })}\n`);
}
client.stop();
