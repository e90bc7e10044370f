// Follows a meeting: its transcript, and then every change of it, with nothing lost on the way.

import type { Endpoint } from './endpoint.js';
import { SegmentUpdates, type SegmentUpdatesSubscription } from './gql/operations.js';
import type { Lifetime } from './lifetime.js';
import type { ReportProblem } from './problems.js';
import { follow } from './subscription.js';

/** A batch of changes. One without segments says that the meeting itself has changed. */
export type MeetingUpdate = SegmentUpdatesSubscription['segmentUpdates'];

export interface FollowOptions {
  /** The cursor of the last update that was dealt with; null or left out: from the start. */
  readonly after?: string | null | undefined;
  /** How many segments an update has at most. */
  readonly batchSize?: number | undefined;
}

/**
 * Yields each update until the meeting is deleted or the lifetime is over. Throws Refused. After a loss of the connection it goes on from
 * the last update that the caller has dealt with: the one before the update that it asks for.
 */
export async function* followMeeting(
  endpoint: Endpoint,
  meetingId: string,
  { after = null, batchSize = 100 }: FollowOptions,
  lifetime: Lifetime,
  onProblem: ReportProblem,
): AsyncGenerator<MeetingUpdate, void, undefined> {
  let cursor = after;
  const updates = follow(endpoint, {
    document: SegmentUpdates,
    variables: () => ({ meetingId, after: cursor, batchSize }),
    lifetime,
    onLost: onProblem,
  });
  for await (const { data } of updates) {
    yield data.segmentUpdates;
    cursor = data.segmentUpdates.cursor;
  }
}
