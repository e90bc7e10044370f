import { useState } from 'react';
import { mutate, useAction } from '../api/mutations';
import type { MeetingState } from '../gql/operations';
import { ActionForm } from '../shell/ActionForm';
import { Dialog } from '../shell/Dialog';
import { UPDATE_MEETING, type Meeting } from './operations';
import { STATES, stateWords } from './StateBadge';

interface Props {
  meeting: Meeting;
  onChange: () => void;
}

/** Changes a meeting's title and state. If somebody else has changed it meanwhile, nothing is overwritten. */
export function EditMeeting({ meeting, onChange }: Props) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setIsOpen(true)}>Edit…</button>
      {isOpen && <EditDialog meeting={meeting} onChange={onChange} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function EditDialog({ meeting, onChange, onClose }: Props & { onClose: () => void }) {
  const [before] = useState(meeting); // as it was when the visitor began
  const [title, setTitle] = useState(before.title);
  const [state, setState] = useState(before.state);
  const { run, busy, problem } = useAction();
  const save = () =>
    run(async (client) => {
      const input = { ...(title !== before.title && { title }), ...(state !== before.state && { state }) };
      await mutate(client, UPDATE_MEETING, { id: before.id, input, expectedVersion: before.version });
      onChange();
      onClose();
    });
  return (
    <Dialog title="Edit the meeting" onClose={onClose}>
      <ActionForm action="Save" busy={busy} problem={problem} onSubmit={save}>
        <label>Title <input required value={title} onChange={(event) => setTitle(event.target.value)} /></label>
        <label>
          State
          <select value={state} onChange={(event) => setState(event.target.value as MeetingState)}>
            {STATES.map((each) => <option key={each} value={each}>{stateWords(each)}</option>)}
          </select>
        </label>
      </ActionForm>
    </Dialog>
  );
}
