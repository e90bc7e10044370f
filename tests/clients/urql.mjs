// urql over HTTP alone: with `fetchSubscriptions` it follows Server-Sent Events, which it lists in the Accept of every request.

import { cacheExchange, createClient, fetchExchange } from '@urql/core';
import { toAsyncIterable } from 'wonka';
import { run, url } from './common.mjs';

const client = createClient({ url, exchanges: [cacheExchange, fetchExchange], fetchSubscriptions: true, preferGetMethod: false });

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
      if (result.hasNext === false) break; // the stream has ended, and this is the data from before
      yield data;
    }
    throw new Error('the stream has ended'); // completed or not: urql does not tell
  },
  goneMeans: (error) => /there is no meeting/.test(error.message),
});
