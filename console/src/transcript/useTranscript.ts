// Follows a meeting's transcript from its start, and resumes after the last batch when the connection was lost.

import { useRef, useState } from 'react';
import { useFollow } from '../api/follow';
import { SEGMENT_UPDATES } from './operations';
import { EMPTY, merge } from './transcript';

const BATCH_SIZE = 1_000;

/** `onMeetingChange` is called when the meeting itself has changed: its title, state or names. */
export function useTranscript(meetingId: string, onMeetingChange: () => void) {
  const [transcript, setTranscript] = useState(EMPTY);
  const [caughtUp, setCaughtUp] = useState(false);
  const cursor = useRef<string | null>(null);

  const connection = useFollow(
    meetingId,
    SEGMENT_UPDATES,
    () => ({ meetingId, after: cursor.current, batchSize: BATCH_SIZE }),
    ({ segmentUpdates }) => {
      setTranscript((before) => merge(before, segmentUpdates));
      if (segmentUpdates.caughtUp) setCaughtUp(true);
      if (cursor.current !== null && segmentUpdates.segments.length + segmentUpdates.deletedSegmentIds.length === 0) onMeetingChange();
      cursor.current = segmentUpdates.cursor;
    },
  );
  return { transcript, caughtUp, connection };
}
