// Who spoke when: a lane for each speaker. A click shows what was said there, and so do the arrow keys, from turn to turn.

import { useMemo, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { clock } from '../shell/times';
import { lanesOf } from './lanes';
import type { Segment } from './operations';
import { speakerClass } from './speakers';
import type { Transcript } from './transcript';
import { turnAfter, turnBefore } from './turns';
import { showSegment, useLinkedSegment } from './useLinkedSegment';

const WIDTH = 1_000;
const LANE_HEIGHT = 14;
const LABEL_HEIGHT = 4;
const MIN_HEIGHT_PX = 64;
const MAX_HEIGHT_PX = 150;
const LANE_PX = 7; // so that the lanes of many speakers can be told apart

const describe = ({ startTime, speaker }: Segment) => `${clock(startTime)} ${speaker || 'Unknown'}`;

export function Timeline({ transcript: { segments, bySegmentId, speakers } }: { transcript: Transcript }) {
  const end = useMemo(() => segments.reduce((latest, { endTime }) => Math.max(latest, endTime), 0), [segments]);
  const lanes = useMemo(() => lanesOf(segments, speakers, end, WIDTH), [segments, speakers, end]);
  const [pointed, setPointed] = useState<Segment | undefined>();
  const shown = bySegmentId.get(useLinkedSegment() ?? -1);
  if (end === 0) return null;

  const segmentAt = ({ currentTarget, clientX }: MouseEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const time = ((clientX - left) / width) * end;
    return segments.findLast(({ startTime }) => startTime <= time) ?? segments[0];
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const index = shown ? segments.indexOf(shown) : -1;
    const targets: Record<string, number> = {
      ArrowRight: turnAfter(segments, index),
      ArrowLeft: turnBefore(segments, index),
      Home: 0,
      End: segments.length - 1,
    };
    const target = segments[targets[event.key] ?? -1];
    if (!target) return;
    event.preventDefault();
    showSegment(target.segmentId);
  };
  const here = pointed ?? shown;
  return (
    <figure className="timeline">
      <div
        role="slider"
        tabIndex={0}
        aria-label="Who spoke when"
        aria-valuemin={0}
        aria-valuemax={end}
        aria-valuenow={shown?.startTime ?? 0}
        aria-valuetext={shown ? describe(shown) : 'Arrow keys go from turn to turn'}
        onKeyDown={onKeyDown}
        onClick={(event) => showSegment(segmentAt(event)?.segmentId)}
        onMouseMove={(event) => setPointed(segmentAt(event))}
        onMouseLeave={() => setPointed(undefined)}
      >
        <svg
          style={{ height: Math.min(Math.max(lanes.length * LANE_PX, MIN_HEIGHT_PX), MAX_HEIGHT_PX) }}
          viewBox={`0 0 ${WIDTH} ${lanes.length * LANE_HEIGHT + LABEL_HEIGHT}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {lanes.map(({ speaker, spans }, index) => (
            <g key={speaker} className={speakerClass(index)} transform={`translate(0 ${(index + 0.5) * LANE_HEIGHT})`}>
              <path d={spans.map(([from, to]) => `M${from.toFixed(1)} 0H${to.toFixed(1)}`).join('')} />
            </g>
          ))}
          {here && <path className="timeline-here" d={`M${((here.startTime / end) * WIDTH).toFixed(1)} 0V${lanes.length * LANE_HEIGHT + LABEL_HEIGHT}`} />}
        </svg>
      </div>
      <figcaption><span>0:00</span><span>{here ? describe(here) : 'Who spoke when'}</span><span>{clock(end)}</span></figcaption>
    </figure>
  );
}
