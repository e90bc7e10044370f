// The page with Apollo Client: HTTP for queries and mutations, WebSocket for subscriptions.

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createRoot } from 'react-dom/client';
import { PAGE, UPDATES, WRITE } from './documents';
import { passes, Refused } from './follow';
import possible from './possible-types';
import { meetingId, socket, url } from './server';
import { Transcript, type Backend } from './Transcript';

const client = new ApolloClient({
  cache: new InMemoryCache({ possibleTypes: possible.possibleTypes }), // or `... on Error` matches nothing
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url }),
  ),
});

const backend: Backend = {
  async page(id, before) {
    const variables = { id, last: 50, before };
    const { data } = await client.query({ query: PAGE, variables, fetchPolicy: 'network-only' });
    if (!data?.meeting) throw new Error('there is no such meeting');
    const { title, updatesCursor, segments } = data.meeting;
    const { hasPreviousPage, startCursor } = segments.pageInfo;
    return { title, updatesCursor, segments: segments.nodes, before: hasPreviousPage ? (startCursor ?? null) : null };
  },

  async write(meetingId, text) {
    const segments = [{ text, speaker: 'Me', startTime: 0, endTime: 0 }];
    const { data } = await client.mutate({ mutation: WRITE, variables: { meetingId, segments } });
    const result = data?.upsertSegments;
    return !result || result.__typename === 'UpsertedSegments' ? null : result.message;
  },

  subscribe: (meetingId) => (after, next, ended) => {
    const subscription = client.subscribe({ query: UPDATES, variables: { meetingId, after } }).subscribe({
      next: ({ data, error }) => {
        if (data) return next(data.segmentUpdates);
        ended(CombinedGraphQLErrors.is(error) && !passes(error.errors) ? new Refused(error.message) : error);
        subscription.unsubscribe();
      },
      error: ended,
      complete: () => ended(),
    });
    return () => subscription.unsubscribe();
  },
};

createRoot(document.body.appendChild(document.createElement('div'))).render(
  <Transcript key={meetingId} backend={backend} meetingId={meetingId} />,
);
