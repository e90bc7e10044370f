// Follows a meeting's transcript from its start, and resumes after the last batch when the connection was lost.

import { useRef, useState } from 'react';
import { useFollow } from '../api/follow';
import { SEGMENT_UPDATES } from './operations';
import { EMPTY, merge } from './transcript';

const BATCH_SIZE = 1_000;

/** `onResume` is called when it goes on after a loss of the connection: other things may have changed meanwhile. */
export function useTranscript(meetingId: string, onResume: () => void) {
  const [transcript, setTranscript] = useState(EMPTY);
  const [caughtUp, setCaughtUp] = useState(false);
  const cursor = useRef<string | null>(null);
  const isResuming = useRef(false);

  const connection = useFollow(
    meetingId,
    SEGMENT_UPDATES,
    () => {
      isResuming.current = cursor.current !== null;
      return { meetingId, after: cursor.current, batchSize: BATCH_SIZE };
    },
    ({ segmentUpdates }) => {
      setTranscript((before) => merge(before, segmentUpdates));
      if (segmentUpdates.caughtUp) setCaughtUp(true);
      if (isResuming.current) onResume();
      isResuming.current = false;
      cursor.current = segmentUpdates.cursor;
    },
  );
  return { transcript, caughtUp, connection };
}
