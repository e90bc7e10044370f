// Who spoke when: a lane for each speaker. A click shows what was said there.

import { useMemo, type MouseEvent } from 'react';
import { clock } from '../shell/times';
import { lanesOf } from './lanes';
import { speakerClass } from './speakers';
import type { Transcript } from './transcript';

const WIDTH = 1_000;
const LANE_HEIGHT = 14;
const LABEL_HEIGHT = 4;

export function Timeline({ transcript: { segments, speakers } }: { transcript: Transcript }) {
  const end = useMemo(() => segments.reduce((latest, { endTime }) => Math.max(latest, endTime), 0), [segments]);
  const lanes = useMemo(() => lanesOf(segments, speakers, end, WIDTH), [segments, speakers, end]);
  if (end === 0) return null;

  const show = (event: MouseEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const time = ((event.clientX - left) / width) * end;
    const found = segments.findLast(({ startTime }) => startTime <= time) ?? segments[0];
    if (found) location.hash = `segment-${found.segmentId}`;
  };
  const names = speakers.map((speaker) => speaker || 'unknown').join(', ');
  return (
    <figure className="timeline">
      <svg
        viewBox={`0 0 ${WIDTH} ${lanes.length * LANE_HEIGHT + LABEL_HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Who spoke when, in ${clock(end)}: ${names}`}
        onClick={show}
      >
        {lanes.map(({ speaker, spans }, index) => (
          <g key={speaker} className={speakerClass(index)} transform={`translate(0 ${(index + 0.5) * LANE_HEIGHT})`}>
            <title>{speaker || 'Unknown'}</title>
            <path d={spans.map(([from, to]) => `M${from.toFixed(1)} 0H${to.toFixed(1)}`).join('')} />
          </g>
        ))}
      </svg>
      <figcaption><span>0:00</span><span>{clock(end)}</span></figcaption>
    </figure>
  );
}
