// The operations of the page, typed by graphql(), which graphql-codegen makes.

import { graphql } from './gql';

/** The newest page of a transcript, or the one before a cursor, and the place from which to follow. */
export const PAGE = graphql(`
  query TranscriptPage($id: ID!, $last: Int!, $before: String) {
    meeting(id: $id) {
      id
      title
      updatesCursor
      segments(last: $last, before: $before) {
        pageInfo { hasPreviousPage startCursor }
        nodes { id segmentId speaker text startTime endTime isFinal confidence version }
      }
    }
  }
`);

/** Corrects the words of a segment. */
export const WRITE = graphql(`
  mutation Write($meetingId: ID!, $segments: [SegmentInput!]!) {
    upsertSegments(meetingId: $meetingId, segments: $segments) {
      __typename
      ... on UpsertedSegments { created updated }
      ... on Error { message }
    }
  }
`);

export { SegmentUpdatesDocument as UPDATES } from './gql/graphql';
