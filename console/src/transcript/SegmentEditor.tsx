// Corrects a segment. If somebody else changes it meanwhile, both texts are shown, and the visitor chooses.

import { useRef, useState, type KeyboardEvent } from 'react';
import { mutate, useAction } from '../api/mutations';
import type { SegmentCorrectionInput } from '../gql/operations';
import { Problem } from '../shell/Problem';
import { useFocusReturn } from '../shell/useFocusReturn';
import { CORRECT_SEGMENTS, type Segment } from './operations';

interface Props {
  meetingId: string;
  segment: Segment;
  onClose: () => void;
}

export function SegmentEditor({ meetingId, segment, onClose }: Props) {
  const [text, setText] = useState(segment.text);
  const [speaker, setSpeaker] = useState(segment.speaker);
  const [reason, setReason] = useState('');
  const [base, setBase] = useState(segment); // as it was when the visitor began, or agreed to replace it
  const { run, busy, problem, refusal } = useAction();
  const form = useRef<HTMLFormElement>(null);
  useFocusReturn(form);
  const isOverwritten = base.version !== segment.version;

  const save = (correction: Omit<SegmentCorrectionInput, 'segmentId'>) =>
    run(async (client) => {
      const corrections = [{ ...correction, segmentId: segment.segmentId, expectedVersion: base.version }];
      await mutate(client, CORRECT_SEGMENTS, { meetingId, corrections, ...(reason && { reason }) });
      onClose();
    });
  const saveChanges = () => {
    const changes = { ...(text !== base.text && { text }), ...(speaker !== base.speaker && { speaker }) };
    if (Object.keys(changes).length === 0) onClose();
    else void save(changes);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing && !(event.target instanceof HTMLButtonElement)) {
      event.preventDefault();
      saveChanges();
    }
  };

  return (
    <form ref={form} className="segment-editor" aria-label="Correct this segment" onKeyDown={onKeyDown} onSubmit={(event) => event.preventDefault()}>
      <label>Text <textarea autoFocus rows={3} value={text} onChange={(event) => setText(event.target.value)} /></label>
      <div className="row">
        <label>Speaker, here only <input value={speaker} onChange={(event) => setSpeaker(event.target.value)} /></label>
        <label>Reason <input value={reason} onChange={(event) => setReason(event.target.value)} /></label>
      </div>
      {isOverwritten && (
        <p className="conflict" role="alert">
          It was changed meanwhile, and now says: <q>{segment.text}</q> ({segment.speaker || 'unknown'}).{' '}
          <button type="button" onClick={() => setBase(segment)}>Replace it with mine</button>{' '}
          <button type="button" onClick={onClose}>Keep theirs</button>
        </p>
      )}
      {!(refusal?.isConflict && isOverwritten) && <Problem message={problem} />}
      <div className="row">
        <button type="button" className="primary" disabled={busy || isOverwritten} onClick={saveChanges}>Save</button>
        <button type="button" onClick={onClose}>Cancel</button>
        {segment.correction && (
          <button type="button" disabled={busy} onClick={() => void save({ text: null, speaker: null })}>Back to what was heard</button>
        )}
      </div>
    </form>
  );
}
