// graphql-sse, which asks for everything as Server-Sent Events.

import { createClient } from 'graphql-sse';
import { dataOf, first, run, url } from './common.mjs';

const client = createClient({ url, retryAttempts: 0 });

await run({
  request: async (query, variables) => dataOf(await first(client.iterate({ query, variables }))),
  async *subscribe(query, variables) {
    for await (const result of client.iterate({ query, variables })) yield dataOf(result);
  },
});
client.dispose();
