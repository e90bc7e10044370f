// urql with its subscriptionExchange over graphql-ws.

import { cacheExchange, createClient, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSocket } from 'graphql-ws';
import { toAsyncIterable } from 'wonka';
import WebSocket from 'ws';
import { run, url, webSocketUrl } from './common.mjs';

const socket = createSocket({ url: webSocketUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
const client = createClient({
  preferGetMethod: false, // as it does otherwise with short queries; our server takes no GET
  url,
  exchanges: [
    cacheExchange,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (request) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink) }),
      }),
    }),
  ],
});

const dataOf = ({ data, error }) => {
  if (error) throw error;
  return data;
};

await run({
  request: async (document, variables) =>
    dataOf(
      document.includes('mutation ')
        ? await client.mutation(document, variables).toPromise()
        : await client.query(document, variables).toPromise(),
    ),
  async *subscribe(document, variables) {
    for await (const result of toAsyncIterable(client.subscription(document, variables))) {
      const data = dataOf(result);
      if (result.hasNext === false) return; // completed, and this is the data from before
      yield data;
    }
  },
});
await socket.dispose();
