import { useRef, useState } from 'react';
import { mutate, useAction } from '../api/mutations';
import { Problem } from '../shell/Problem';
import { useFocusReturn } from '../shell/useFocusReturn';
import { NAME_SPEAKERS } from './operations';

interface Props {
  meetingId: string;
  label: string;
  name: string;
  onClose: () => void;
}

/** Gives a label the name that is typed; without one, or with the label itself, the label has no name any more. */
export function SpeakerNameForm({ meetingId, label, name, onClose }: Props) {
  const [draft, setDraft] = useState(name);
  const { run, busy, problem } = useAction();
  const form = useRef<HTMLFormElement>(null);
  useFocusReturn(form);
  const save = () =>
    run(async (client) => {
      const given = draft.trim() || null;
      await mutate(client, NAME_SPEAKERS, { meetingId, names: [{ label, name: given === label ? null : given }] });
      onClose();
    });
  return (
    <form
      ref={form}
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      <input
        autoFocus
        aria-label={`Name of ${label}`}
        placeholder={label}
        value={draft}
        onFocus={(event) => event.target.select()} // a name replaces the label
        onChange={(event) => setDraft(event.target.value)}
      />
      <button className="primary" disabled={busy}>Save</button>
      <button type="button" onClick={onClose}>Cancel</button>
      <Problem message={problem} />
    </form>
  );
}
