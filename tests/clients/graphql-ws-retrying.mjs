// graphql-ws with its own retries: it connects again by itself, and begins each time with the subscription's first variables.

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { dataOf, first, run, webSocketUrl } from './common.mjs';

const client = createClient({
  url: webSocketUrl,
  webSocketImpl: WebSocket,
  retryAttempts: Infinity,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 100)),
  shouldRetry: () => true, // also where nobody listens for the moment
});

await run({
  request: async (query, variables) => dataOf(await first(client.iterate({ query, variables }))),
  async *subscribe(query, variables) {
    for await (const result of client.iterate({ query, variables })) yield dataOf(result);
  },
});
await client.dispose();
