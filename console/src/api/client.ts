// The urql client: HTTP for queries and mutations, one WebSocket for all subscriptions.

import { createClient as createSocket } from 'graphql-ws';
import { createClient, fetchExchange, mapExchange, subscriptionExchange, type Client } from 'urql';
import { recordCall } from './calls';
import { setConnected } from './connected';
import { consistentFetch } from './consistency';
import { isUnauthenticated } from './problems';
import { API_URL } from './root';

const PING_INTERVAL_MS = 10_000;
const PONG_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 3_000;
const NORMAL_CLOSURE = 1000;

/** Returns a client that sends the key with everything, and calls `onUnauthenticated` when the server asks for another. */
export function createApiClient(key: string | null, onUnauthenticated: () => void): Client {
  const headers: Record<string, string> = key === null ? {} : { Authorization: `Bearer ${key}` };
  const socket = createKeptSocket(headers);
  return createClient({
    url: API_URL,
    preferGetMethod: false,
    requestPolicy: 'network-only', // there is no cache; and what is read again while it is being read is read once more
    fetchOptions: { headers },
    fetch: consistentFetch(),
    exchanges: [
      mapExchange({
        onOperation: recordCall,
        onError: (error) => {
          if (isUnauthenticated(error)) onUnauthenticated();
        },
      }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink) }),
        }),
      }),
    ],
  });
}

/** A WebSocket that is closed when no pong comes. It never retries: `follow` resumes from where it was, which a retry would not. */
function createKeptSocket(connectionParams: Record<string, string>) {
  let overdue: ReturnType<typeof setTimeout>;
  let close = () => {};
  return createSocket({
    url: API_URL.replace(/^http/, 'ws'),
    connectionParams,
    retryAttempts: 0,
    lazyCloseTimeout: IDLE_TIMEOUT_MS,
    keepAlive: PING_INTERVAL_MS,
    on: {
      opened: (socket) => (close = () => (socket as WebSocket).close(4408, 'no pong')),
      ping: (received) => {
        if (!received) overdue = setTimeout(() => close(), PONG_TIMEOUT_MS);
      },
      pong: () => clearTimeout(overdue),
      connected: () => setConnected(true),
      closed: (event) => {
        clearTimeout(overdue);
        setConnected((event as CloseEvent).code === NORMAL_CLOSURE ? null : false);
      },
    },
  });
}
