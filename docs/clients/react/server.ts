// Where the server is, which meeting to show, and the WebSocket to it.

import { createClient } from 'graphql-ws';

const parameters = new URLSearchParams(location.search);
export const url = parameters.get('server') ?? 'http://127.0.0.1:8000/graphql';
export const meetingId = parameters.get('meeting') ?? '01900000-0000-7000-8000-0000000000c1';

let overdue: ReturnType<typeof setTimeout>;
export const socket = createClient({
  url: url.replace(/^http/, 'ws'),
  // connectionParams: { Authorization: `Bearer ${token}` }, where the server asks for a key
  retryAttempts: 0, // by itself it would repeat the subscription with its first cursor: see follow.ts
  keepAlive: 10_000, // ask for a sign of life, and end a connection that gives none: a lost network does not say so
  on: {
    ping: (received) => {
      if (!received) overdue = setTimeout(() => socket.terminate(), 5_000);
    },
    pong: (received) => {
      if (received) clearTimeout(overdue);
    },
    closed: () => clearTimeout(overdue),
  },
});
