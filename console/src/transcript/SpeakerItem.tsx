import { useState } from 'react';
import { clock } from '../shell/times';
import { SpeakerNameForm } from './SpeakerNameForm';
import { speakerClass, type SpeakerTime } from './speakers';

interface Props {
  meetingId: string;
  time: SpeakerTime;
  place: number;
  mayName: boolean;
}

/** A speaker with the time spoken, and a box to give the label a name. */
export function SpeakerItem({ meetingId, time: { label, name, seconds, share }, place, mayName }: Props) {
  const [isNaming, setIsNaming] = useState(false);
  return (
    <li className={speakerClass(place)}>
      <div className="speaker">
        <strong className="segment-speaker">{name || 'Unknown'}</strong>
        {mayName && !isNaming && <button type="button" aria-label={`Name ${name}`} onClick={() => setIsNaming(true)}>Name</button>}
        <span className="speaker-time">{clock(seconds)} · {Math.round(share * 100)} %{name !== label && ` · heard as ${label}`}</span>
      </div>
      <meter aria-label={`Share of ${name || 'unknown speakers'}`} min={0} max={1} value={share} />
      {isNaming && <SpeakerNameForm meetingId={meetingId} label={label} name={name} onClose={() => setIsNaming(false)} />}
    </li>
  );
}
