// The page with urql: HTTP for queries and mutations, WebSocket for subscriptions.

import { cacheExchange, CombinedError, createClient, fetchExchange, subscriptionExchange } from 'urql';
import { createRoot } from 'react-dom/client';
import { onEnd, pipe, subscribe } from 'wonka';
import { PAGE, UPDATES, WRITE } from './documents';
import { passes, Refused } from './follow';
import { meetingId, socket, url } from './server';
import { Transcript, type Backend } from './Transcript';

const client = createClient({
  url,
  preferGetMethod: false, // urql sends short queries by GET, which the browser must ask leave for
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

const backend: Backend = {
  async page(id, before) {
    const variables = { id, last: 50, before };
    const { data, error } = await client.query(PAGE, variables, { requestPolicy: 'network-only' });
    if (error) throw error;
    if (!data?.meeting) throw new Error('there is no such meeting');
    const { title, updatesCursor, segments } = data.meeting;
    const { hasPreviousPage, startCursor } = segments.pageInfo;
    return { title, updatesCursor, segments: segments.nodes, before: hasPreviousPage ? (startCursor ?? null) : null };
  },

  async write(meetingId, text) {
    const segments = [{ text, speaker: 'Me', startTime: 0, endTime: 0 }];
    const { data, error } = await client.mutation(WRITE, { meetingId, segments });
    if (error) throw error;
    const result = data?.upsertSegments;
    return !result || result.__typename === 'UpsertedSegments' ? null : result.message;
  },

  subscribe: (meetingId) => (after, next, ended) => {
    let over = false;
    const end = (error?: CombinedError) => {
      if (over) return;
      over = true;
      const refused = error?.graphQLErrors.length && !passes(error.graphQLErrors);
      ended(refused ? new Refused(error.message) : error);
    };
    const { unsubscribe } = pipe(
      client.subscription(UPDATES, { meetingId, after }),
      onEnd(() => end()),
      subscribe(({ data, error, hasNext }) => {
        if (error) end(error);
        else if (hasNext === false) end(); // the last data once more: the meeting was deleted
        else if (data) next(data.segmentUpdates);
      }),
    );
    return () => {
      over = true;
      unsubscribe();
    };
  },
};

createRoot(document.body.appendChild(document.createElement('div'))).render(
  <Transcript key={meetingId} backend={backend} meetingId={meetingId} />,
);
