// Follows a meeting and loses nothing: each time that it has caught up, it prints the transcript as one line of JSON.
//
//   npm install graphql-ws graphql ws
//   node resume.mjs ws://127.0.0.1:8000/graphql 01900000-0000-7000-8000-0000000000c1

import { createClient } from 'graphql-ws';
import WebSocket from 'ws'; // a browser has its own

const UPDATES = `
  subscription ($meetingId: ID!, $after: String) {
    segmentUpdates(meetingId: $meetingId, after: $after) {
      cursor
      caughtUp
      deletedSegmentIds
      segments { segmentId speaker text startTime endTime isFinal version }
    }
  }
`;

/** Close codes for what a new attempt cannot mend: it is the program that is wrong. */
const FATAL = [4400, 4401, 4403, 4406, 4409, 4429];

class ImpatientWebSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { handshakeTimeout: 10_000 });
  }
}

/** A client that leaves it to us to go on: by itself it would repeat the subscription with its first variables. */
function connect(url) {
  let overdue;
  const client = createClient({
    url,
    webSocketImpl: ImpatientWebSocket,
    retryAttempts: 0,
    connectionAckWaitTimeout: 10_000,
    keepAlive: 10_000, // ask for a sign of life, and end a connection that gives none: a lost network does not say so
    on: {
      ping: (received) => {
        if (!received) overdue = setTimeout(() => client.terminate(), 5_000);
      },
      pong: (received) => {
        if (received) clearTimeout(overdue);
      },
      closed: () => clearTimeout(overdue),
    },
  });
  return client;
}

/** Every batch after the cursor (null: from the start), through every loss of the connection, until the meeting is deleted. */
async function* segmentUpdates(client, meetingId, after = null) {
  let pause = 0;
  for (;;) {
    try {
      for await (const { data, errors } of client.iterate({ query: UPDATES, variables: { meetingId, after } })) {
        if (errors) throw errors;
        yield data.segmentUpdates;
        after = data.segmentUpdates.cursor; // only now: the batch has been dealt with
        pause = 0;
      }
      return;
    } catch (error) {
      const passes = Array.isArray(error) // the server's answer
        ? error.every(({ extensions }) => extensions?.code === 'SERVICE_UNAVAILABLE')
        : !FATAL.includes(error?.code);
      if (!passes) throw error;
      console.error(`not connected: ${error.message || error.code || error[0].message}`);
    }
    pause = Math.min(pause * 2 || 100, 5_000);
    await new Promise((resolve) => setTimeout(resolve, pause * Math.random()));
  }
}

const [, , url, meetingId] = process.argv;
const client = connect(url);
const transcript = new Map();
for await (const { segments, deletedSegmentIds, caughtUp } of segmentUpdates(client, meetingId)) {
  for (const segment of segments) transcript.set(segment.segmentId, segment);
  for (const segmentId of deletedSegmentIds) transcript.delete(segmentId);
  if (caughtUp) console.log(JSON.stringify([...transcript.values()].sort((a, b) => a.segmentId - b.segmentId)));
}
await client.dispose();
