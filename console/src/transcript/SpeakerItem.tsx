import { useState } from 'react';
import { mutate, useAction } from '../api/mutations';
import { Problem } from '../shell/Problem';
import { clock } from '../shell/times';
import { NAME_SPEAKERS } from './operations';
import { speakerClass, type SpeakerTime } from './speakers';

interface Props {
  meetingId: string;
  time: SpeakerTime;
  place: number;
  mayName: boolean;
}

/** A speaker with the time spoken, and a box to give the label a name. */
export function SpeakerItem({ meetingId, time: { label, name, seconds, share }, place, mayName }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  const { run, busy, problem } = useAction();
  const save = () =>
    run(async (client) => {
      const given = draft?.trim() || null;
      await mutate(client, NAME_SPEAKERS, { meetingId, names: [{ label, name: given === label ? null : given }] });
      setDraft(null);
    });

  return (
    <li className={speakerClass(place)}>
      <div className="row">
        <strong className="segment-speaker">{name || 'Unknown'}</strong>
        {name !== label && <span className="hint">heard as {label}</span>}
        <span className="speaker-time">{clock(seconds)} · {Math.round(share * 100)} %</span>
        {mayName && draft === null && <button type="button" aria-label={`Name ${name}`} onClick={() => setDraft(name)}>Name</button>}
      </div>
      <meter aria-label={`Share of ${name || 'unknown speakers'}`} min={0} max={1} value={share} />
      {draft !== null && (
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
          onKeyDown={(event) => event.key === 'Escape' && setDraft(null)}
        >
          <input autoFocus aria-label={`Name of ${label}`} placeholder={label} value={draft} onChange={(event) => setDraft(event.target.value)} />
          <button className="primary" disabled={busy}>Save</button>
        </form>
      )}
      <Problem message={problem} />
    </li>
  );
}
