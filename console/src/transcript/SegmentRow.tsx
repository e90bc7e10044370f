import { memo } from 'react';
import { clock, moment } from '../shell/times';
import type { Segment } from './operations';

const HUES = 8;

interface Props {
  segment: Segment;
  /** The place of the speaker among the speakers of the meeting. */
  hue: number;
  isLinked: boolean;
}

/** One utterance. A hypothesis is grey until it is final; a correction says who made it, and what was heard. */
export const SegmentRow = memo(function SegmentRow({ segment, hue, isLinked }: Props) {
  const { segmentId, speaker, text, startTime, isFinal, correction } = segment;
  return (
    <div className={`segment ${isFinal ? '' : 'is-hypothesis'} ${isLinked ? 'is-linked' : ''}`}>
      <a className="segment-time" href={`#segment-${segmentId}`} title="Link to this segment">{clock(startTime)}</a>
      <span className={`segment-speaker speaker-${hue % HUES}`}>{speaker || 'Unknown'}</span>
      <p className="segment-text">
        {text}
        {correction && <CorrectionMark segment={segment} correction={correction} />}
      </p>
    </div>
  );
});

function CorrectionMark({ segment: { heard }, correction }: { segment: Segment; correction: NonNullable<Segment['correction']> }) {
  return (
    <span className="correction">
      {' '}corrected by {correction.by}, <time dateTime={correction.at}>{moment(correction.at)}</time>
      {correction.text !== null && <>, heard as <q>{heard.text}</q></>}
      {correction.speaker !== null && <>, from <q>{heard.speaker || 'unknown'}</q></>}
      {correction.reason && <>: {correction.reason}</>}
    </span>
  );
}
