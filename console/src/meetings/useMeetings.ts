// The list of meetings: its first page, those that were asked for after it, and what has changed of them since.

import { useEffect, useRef, useState } from 'react';
import { useConnected } from '../api/connected';
import { useFollow } from '../api/follow';
import { usePagedRead, type Page } from '../api/pages';
import { describeFailure } from '../api/problems';
import { useReadAgain } from '../api/useReadAgain';
import type { MeetingsQuery, MeetingState } from '../gql/operations';
import { ORDERS, type OrderName } from './MeetingFilters';
import { MEETING_UPDATES, MEETINGS, type ListedMeeting, type MeetingChange } from './operations';

const PAGE_SIZE = 30;
const RELOAD_PAUSE_MS = 250;
const READ_AGAIN_MS = 10_000;

export function useMeetings(text: string, state: MeetingState | '', order: OrderName) {
  const variables = {
    first: PAGE_SIZE,
    segments: 0,
    filter: { ...(text && { text }), ...(state && { state }) },
    orderBy: ORDERS.find(({ name }) => name === order)?.orderBy ?? null,
  };
  const { data, error, fetching, reload, pages } = usePagedRead(MEETINGS, variables, pageOf);
  const [changes, setChanges] = useState<ReadonlyMap<string, MeetingChange | null>>(new Map()); // null: deleted

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

  useReadAgain(() => {
    if (pages.items.some(({ state }) => state === 'RECORDING')) reload(); // what is said makes it longer, and is no change of the meeting
  }, READ_AGAIN_MS);

  return {
    meetings: withChanges(pages.items, changes),
    totalCount: data?.meetings.totalCount ?? null,
    problem: error ? describeFailure(error) : pages.problem,
    isLost: isConnected === false,
    loading: fetching,
    pages,
    reload,
  };
}

const pageOf = ({ meetings: { nodes, pageInfo } }: MeetingsQuery): Page<ListedMeeting> => ({ items: nodes, pageInfo });

/** Lays newer states over meetings, and leaves out those that were deleted. */
function withChanges(meetings: readonly ListedMeeting[], changes: ReadonlyMap<string, MeetingChange | null>): ListedMeeting[] {
  return meetings.flatMap((meeting) => {
    const change = changes.get(meeting.id);
    if (change === null) return [];
    return [change && change.version >= meeting.version ? { ...meeting, ...change, agent: meeting.agent } : meeting];
  });
}
