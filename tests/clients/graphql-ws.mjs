// graphql-ws. Its own retries would repeat a subscription with its first variables; so it has none, and we go on ourselves.

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { dataOf, first, run, webSocketUrl } from './common.mjs';

const client = createClient({ url: webSocketUrl, webSocketImpl: WebSocket, retryAttempts: 0 });

await run({
  request: async (query, variables) => dataOf(await first(client.iterate({ query, variables }))),
  async *subscribe(query, variables) {
    for await (const result of client.iterate({ query, variables })) yield dataOf(result);
  },
});
await client.dispose();
