import { memo } from 'react';
import { clock } from '../shell/times';
import { CorrectionMark } from './CorrectionMark';
import type { Segment } from './operations';
import { SegmentEditor } from './SegmentEditor';
import { speakerClass } from './speakers';

interface Props {
  meetingId: string;
  segment: Segment;
  /** The place of the speaker among the speakers of the meeting. */
  place: number;
  isLinked: boolean;
  isEdited: boolean;
  /** Begins to edit the segment of a number, or ends it with null; undefined where the visitor may not. */
  onEdit: ((segmentId: number | null) => void) | undefined;
}

/** One utterance. A hypothesis is grey until it is final; a correction says who made it, and what was heard. */
export const SegmentRow = memo(function SegmentRow({ meetingId, segment, place, isLinked, isEdited, onEdit }: Props) {
  const { segmentId, speaker, text, startTime, isFinal, correction } = segment;
  const edit = () => {
    if (getSelection()?.isCollapsed) onEdit?.(segmentId); // whoever selects text does not want to change it
  };
  return (
    <div className={`segment ${isFinal ? '' : 'is-hypothesis'} ${isLinked ? 'is-linked' : ''}`}>
      <a className="segment-time" href={`#segment-${segmentId}`} title="Link to this segment">{clock(startTime)}</a>
      <span className={`segment-speaker ${speakerClass(place)}`}>{speaker || 'Unknown'}</span>
      {isEdited && onEdit ? (
        <SegmentEditor meetingId={meetingId} segment={segment} onClose={() => onEdit(null)} />
      ) : (
        <div className="segment-text">
          <span className={onEdit && 'is-editable'} onClick={onEdit && edit}>{text}</span>
          {correction && <CorrectionMark segment={segment} correction={correction} />}
          {onEdit && <button type="button" className="segment-edit" aria-label={`Correct segment ${segmentId}`} onClick={() => onEdit(segmentId)}>✎</button>}
        </div>
      )}
    </div>
  );
});
