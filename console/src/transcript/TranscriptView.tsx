// The transcript as a list that may be very long: only what is visible is in the page. It scrolls with the last words until
// the visitor scrolls up.

import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Meeting } from '../meetings/operations';
import { Empty } from '../shell/Empty';
import { useScope } from '../shell/viewer';
import { SegmentRow } from './SegmentRow';
import type { Transcript } from './transcript';
import { useFollowScroll } from './useFollowScroll';
import { useLinkedSegment } from './useLinkedSegment';

const ESTIMATED_ROW_PX = 40;
const OVERSCAN_ROWS = 8;

interface Props {
  transcript: Transcript;
  meeting: Meeting;
  caughtUp: boolean;
}

export function TranscriptView({ transcript, meeting, caughtUp }: Props) {
  const { segments, speakers } = transcript;
  const container = useRef<HTMLDivElement>(null);
  const [edited, setEdited] = useState<number | null>(null);
  const linked = useLinkedSegment();
  const onEdit = useScope('WRITE') ? setEdited : undefined;
  const indexOf = (segmentId: number | null) => segments.findIndex((segment) => segment.segmentId === segmentId);
  const editedIndex = edited === null ? -1 : indexOf(edited);
  // The row that is edited stays in the page, so that what was typed is not lost when it scrolls out of view.
  const rangeExtractor = useCallback(
    (range: Range) => [...new Set([...defaultRangeExtractor(range), ...(editedIndex < 0 ? [] : [editedIndex])])].sort((a, b) => a - b),
    [editedIndex],
  );
  const virtualizer = useVirtualizer({
    count: segments.length,
    getScrollElement: () => container.current,
    estimateSize: () => ESTIMATED_ROW_PX,
    overscan: OVERSCAN_ROWS,
    getItemKey: (index) => segments[index]?.segmentId ?? index,
    rangeExtractor,
  });
  const toEnd = () => virtualizer.scrollToIndex(segments.length - 1, { align: 'end' });
  const isOpen = meeting.state === 'RECORDING' || meeting.state === 'STOPPING' || meeting.state === 'CREATED';
  const { isFollowing, follow, pause, onScroll } = useFollowScroll(isOpen && linked === null, segments, toEnd);

  useEffect(() => {
    if (linked === null || !caughtUp) return;
    const index = indexOf(linked);
    if (index < 0) return;
    pause();
    virtualizer.scrollToIndex(index, { align: 'center' });
  }, [linked, caughtUp]); // not when a segment changes: the visitor may have scrolled since

  if (caughtUp && segments.length === 0) {
    return <Empty title="Nothing was said yet">{isOpen ? 'Words appear here as they are spoken.' : 'The meeting has no segments.'}</Empty>;
  }
  return (
    <div className="transcript-frame">
      <div className="transcript" ref={container} onScroll={onScroll} role="region" aria-label="Transcript" tabIndex={0}>
        <ol style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, key, start }) => {
            const segment = segments[index];
            return segment && (
              <li
                key={key}
                ref={virtualizer.measureElement}
                data-index={index}
                aria-setsize={segments.length}
                aria-posinset={index + 1}
                style={{ transform: `translateY(${start}px)` }}
              >
                <SegmentRow
                  meetingId={meeting.id}
                  segment={segment}
                  place={speakers.indexOf(segment.speaker)}
                  isLinked={segment.segmentId === linked}
                  isEdited={segment.segmentId === edited}
                  onEdit={onEdit}
                />
              </li>
            );
          })}
        </ol>
      </div>
      {isOpen && !isFollowing && <button type="button" className="to-end primary" onClick={follow}>Follow the last words</button>}
    </div>
  );
}
