// What a transcript is while it changes, and how to follow its changes through every loss of the connection.
// Nothing in here depends on React, Apollo Client or urql.

import type { SegmentUpdatesSubscription } from './gql/graphql';

export type Updates = SegmentUpdatesSubscription['segmentUpdates'];
/** What the page shows of a segment; pages and updates may both have more. */
export type Segment = Pick<
  Updates['segments'][number],
  'id' | 'segmentId' | 'speaker' | 'text' | 'startTime' | 'endTime' | 'isFinal' | 'version'
>;

/** Pages that were read, under the updates that came since: an update is never older than a page. */
export interface Transcript {
  pages: ReadonlyMap<number, Segment>;
  updates: ReadonlyMap<number, Segment | null>; // null: deleted
}

export const EMPTY: Transcript = { pages: new Map(), updates: new Map() };

export function withPage(transcript: Transcript, segments: readonly Segment[]): Transcript {
  const pages = new Map(transcript.pages);
  for (const segment of segments) pages.set(segment.segmentId, segment);
  return { ...transcript, pages };
}

export function withUpdates(transcript: Transcript, { segments, deletedSegmentIds }: Updates): Transcript {
  const updates = new Map(transcript.updates);
  for (const segment of segments) updates.set(segment.segmentId, segment);
  for (const segmentId of deletedSegmentIds) updates.set(segmentId, null);
  return { ...transcript, updates };
}

export function visible({ pages, updates }: Transcript): Segment[] {
  return [...new Map<number, Segment | null>([...pages, ...updates]).values()]
    .filter((segment) => segment !== null)
    .sort((a, b) => a.segmentId - b.segmentId);
}

/** An answer of the server that would be the same the next time; anything else is a connection that was lost. */
export class Refused extends Error {}

/** Starts one subscription after a cursor and returns a function that ends it. It must call exactly one of `ended`. */
export type Subscribe = (after: string, next: (updates: Updates) => void, ended: (error?: unknown) => void) => () => void;

/** Follows a meeting from a cursor on, again and again from the newest one, until it is deleted or refused. */
export function follow(
  subscribe: Subscribe,
  after: string,
  next: (updates: Updates) => void,
  ended: (error?: Refused) => void,
): () => void {
  let pause = 0;
  let timer: ReturnType<typeof setTimeout>;
  let unsubscribe = () => {};
  let stopped = false;

  const start = () => {
    unsubscribe = subscribe(
      after,
      (updates) => {
        next(updates);
        after = updates.cursor; // only now: the batch has been dealt with
        pause = 0;
      },
      (error) => {
        if (stopped) return;
        if (error === undefined || error instanceof Refused) return ended(error);
        pause = Math.min(pause * 2 || 100, 5_000);
        timer = setTimeout(start, pause * Math.random()); // a thousand readers do not come back at once
      },
    );
  };
  start();
  return () => {
    stopped = true;
    clearTimeout(timer);
    unsubscribe();
  };
}

/** Says whether errors of the server mean "later": then following goes on. */
export const passes = (errors: readonly { extensions?: Record<string, unknown> }[]) =>
  errors.every(({ extensions }) => extensions?.code === 'SERVICE_UNAVAILABLE');
