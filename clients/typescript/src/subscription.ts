// Follows a subscription through every loss of the connection.

import { Backoff, MAX_PAUSE_MS } from './backoff.js';
import type { Document } from './document.js';
import type { Endpoint } from './endpoint.js';
import { Unavailable } from './errors.js';
import type { Lifetime } from './lifetime.js';

export interface Following<Data, Variables> {
  readonly document: Document<Data, Variables>;
  /** Called for each connection, so that it may begin where the one before was lost. */
  readonly variables: () => Variables;
  readonly lifetime: Lifetime;
  /** Called when the server gives a sign of life. */
  readonly onAlive?: () => void;
  /** Called when a connection is lost, before the next one is made. */
  readonly onLost: (error: Unavailable) => void;
}

/**
 * Yields the data of a subscription and whether they are the first of a connection, until the server completes it or the lifetime
 * is over. Throws Refused.
 */
export async function* follow<Data, Variables>(
  endpoint: Endpoint,
  { document, variables, lifetime, onAlive = () => {}, onLost }: Following<Data, Variables>,
): AsyncGenerator<{ data: Data; isFirst: boolean }, void, undefined> {
  const backoff = new Backoff();
  while (!lifetime.isOver) {
    let isFirst = true;
    let retryAfterMs: number;
    const startedAt = performance.now();
    try {
      for await (const data of endpoint.subscribe(document, variables(), lifetime, onAlive)) {
        yield { data, isFirst };
        isFirst = false;
      }
      return;
    } catch (error) {
      if (lifetime.isOver) return;
      if (!(error instanceof Unavailable)) throw error;
      onLost(error);
      ({ retryAfterMs } = error);
    }
    if (performance.now() - startedAt > MAX_PAUSE_MS) backoff.reset();
    await backoff.pause(lifetime, retryAfterMs);
  }
}
