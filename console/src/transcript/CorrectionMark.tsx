import { moment } from '../shell/times';
import type { Segment } from './operations';

interface Props {
  segment: Segment;
  correction: NonNullable<Segment['correction']>;
}

/** Says who corrected a segment, and what was heard. */
export function CorrectionMark({ segment: { heard }, correction }: Props) {
  return (
    <span className="correction">
      {' '}corrected by {correction.by}, <time dateTime={correction.at}>{moment(correction.at)}</time>
      {correction.text !== null && <>, heard as <q>{heard.text}</q></>}
      {correction.speaker !== null && <>, from <q>{heard.speaker || 'unknown'}</q></>}
      {correction.reason && <>: {correction.reason}</>}
    </span>
  );
}
