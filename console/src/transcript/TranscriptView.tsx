// The transcript as a list that may be very long: only what is visible is in the page. It scrolls with the last words until
// the visitor scrolls up.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { Meeting } from '../meetings/operations';
import { Empty } from '../shell/Empty';
import { SegmentRow } from './SegmentRow';
import type { Transcript } from './transcript';
import { useFollowScroll } from './useFollowScroll';
import { useLinkedSegment } from './useLinkedSegment';

const ESTIMATED_ROW_PX = 64;
const OVERSCAN_ROWS = 8;

interface Props {
  transcript: Transcript;
  meeting: Meeting;
  caughtUp: boolean;
}

export function TranscriptView({ transcript, meeting, caughtUp }: Props) {
  const { segments, speakers } = transcript;
  const container = useRef<HTMLDivElement>(null);
  const linked = useLinkedSegment();
  const virtualizer = useVirtualizer({
    count: segments.length,
    getScrollElement: () => container.current,
    estimateSize: () => ESTIMATED_ROW_PX,
    overscan: OVERSCAN_ROWS,
    getItemKey: (index) => segments[index]?.segmentId ?? index,
  });
  const toEnd = () => virtualizer.scrollToIndex(segments.length - 1, { align: 'end' });
  const isOpen = meeting.state === 'RECORDING' || meeting.state === 'STOPPING' || meeting.state === 'CREATED';
  const { isFollowing, follow, onScroll } = useFollowScroll(isOpen && linked === null, segments, toEnd);

  useEffect(() => {
    if (linked === null || !caughtUp) return;
    const index = segments.findIndex(({ segmentId }) => segmentId === linked);
    if (index >= 0) virtualizer.scrollToIndex(index, { align: 'center' });
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
                <SegmentRow segment={segment} hue={speakers.indexOf(segment.speaker)} isLinked={segment.segmentId === linked} />
              </li>
            );
          })}
        </ol>
      </div>
      {isOpen && !isFollowing && <button type="button" className="to-end primary" onClick={follow}>Follow the last words</button>}
    </div>
  );
}
