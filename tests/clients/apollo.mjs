// Apollo Client: HTTP for queries and mutations, its GraphQLWsLink for subscriptions.

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { run, url, webSocketUrl } from './common.mjs';

globalThis.WebSocket ??= WebSocket; // browsers have it, and Node.js from 22 on
const socket = createClient({ url: webSocketUrl, retryAttempts: 0 });
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url }),
  ),
});

await run({
  async request(document, variables) {
    const parsed = gql(document);
    const { data } = parsed.definitions.some(({ operation }) => operation === 'mutation')
      ? await client.mutate({ mutation: parsed, variables })
      : await client.query({ query: parsed, variables });
    return data;
  },
  async *subscribe(document, variables) {
    for await (const { data, error } of results(client.subscribe({ query: gql(document), variables }))) {
      if (error) throw error;
      yield data;
    }
  },
});
client.stop();
await socket.dispose();

/** An observable as an async iterable. */
async function* results(observable) {
  const events = [];
  let wake = () => {};
  const push = (event) => {
    events.push(event);
    wake();
  };
  const subscription = observable.subscribe({
    next: (value) => push({ value }),
    error: (error) => push({ error }),
    complete: () => push({ done: true }),
  });
  try {
    for (;;) {
      while (!events.length) await new Promise((resolve) => (wake = resolve));
      const { value, error, done } = events.shift();
      if (error) throw error;
      if (done) return;
      yield value;
    }
  } finally {
    subscription.unsubscribe();
  }
}
