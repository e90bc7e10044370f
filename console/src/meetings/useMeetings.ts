// The list of meetings: its first page, those that were asked for after it, and what has changed of them since.

import { useEffect, useRef, useState } from 'react';
import { useClient, useQuery } from 'urql';
import { useConnected } from '../api/connected';
import { useFollow } from '../api/follow';
import { useAction } from '../api/mutations';
import { describeFailure } from '../api/problems';
import type { MeetingState } from '../gql/operations';
import { ORDERS, type OrderName } from './MeetingFilters';
import { MEETING_UPDATES, MEETINGS, type ListedMeeting, type MeetingChange } from './operations';

const PAGE_SIZE = 30;
const RELOAD_PAUSE_MS = 250;

interface LaterPages {
  key: string;
  meetings: readonly ListedMeeting[];
  after: string | null;
}

export function useMeetings(text: string, state: MeetingState | '', order: OrderName) {
  const client = useClient();
  const { run, busy, problem } = useAction();
  const variables = {
    first: PAGE_SIZE,
    segments: 0,
    filter: { ...(text && { text }), ...(state && { state }) },
    orderBy: ORDERS.find(({ name }) => name === order)?.orderBy ?? null,
  };
  const key = JSON.stringify(variables);
  const [{ data, error, fetching }, reload] = useQuery({ query: MEETINGS, variables });
  const [later, setLater] = useState<LaterPages>({ key, meetings: [], after: null });
  const [changes, setChanges] = useState<ReadonlyMap<string, MeetingChange | null>>(new Map()); // null: deleted

  const page = data?.meetings;
  const shown = later.key === key ? later : { key, meetings: [], after: null };
  const after = shown.meetings.length > 0 ? shown.after : page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  const read = [...(page?.nodes ?? []), ...shown.meetings];

  const isConnected = useConnected();
  const wasLost = useRef(false);
  const [revision, setRevision] = useState(0);
  const reloading = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (isConnected && wasLost.current) reload(); // updates begin anew, and do not say what came in between
    if (isConnected !== null) wasLost.current = !isConnected;
  }, [isConnected]);
  useFollow('meetings', MEETING_UPDATES, () => ({}), ({ meetingUpdates: { meeting, deletedMeetingId } }) => {
    const id = meeting?.id ?? deletedMeetingId;
    if (!id) return;
    setChanges((before) => new Map(before).set(id, meeting));
    reloading.current ??= setTimeout(() => {
      reloading.current = undefined;
      setRevision((before) => before + 1);
    }, RELOAD_PAUSE_MS);
  });
  useEffect(() => {
    if (revision > 0) reload(); // what changed may belong into the list now, or no longer
  }, [revision]);

  const loadMore = () =>
    run(async () => {
      const answer = await client.query(MEETINGS, { ...variables, after });
      if (answer.error) throw answer.error;
      const next = answer.data?.meetings;
      if (!next) return;
      setLater({
        key,
        meetings: [...shown.meetings, ...next.nodes],
        after: next.pageInfo.hasNextPage ? next.pageInfo.endCursor : null,
      });
    });

  return {
    meetings: withChanges(read, changes),
    totalCount: page?.totalCount ?? null,
    problem: error ? describeFailure(error) : problem,
    isLost: isConnected === false,
    loading: fetching,
    isLoadingMore: busy,
    hasMore: after !== null,
    loadMore,
    reload,
  };
}

/** Lays newer states over meetings, and leaves out those that were deleted. */
function withChanges(meetings: readonly ListedMeeting[], changes: ReadonlyMap<string, MeetingChange | null>): ListedMeeting[] {
  return meetings.flatMap((meeting) => {
    const change = changes.get(meeting.id);
    if (change === null) return [];
    return [change && change.version >= meeting.version ? { ...meeting, ...change, agent: meeting.agent } : meeting];
  });
}
