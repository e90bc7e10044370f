import { useState } from 'react';
import { mutate, useAction } from '../api/mutations';
import { ActionForm } from '../shell/ActionForm';
import { Dialog } from '../shell/Dialog';
import { UPDATE_AGENT, type Agent } from './operations';

interface Props {
  agent: Agent;
  onChange: () => void;
  onClose: () => void;
}

/** Changes an agent's name and description. If somebody else has changed it meanwhile, nothing is overwritten. */
export function EditAgent({ agent, onChange, onClose }: Props) {
  const [before] = useState(agent); // as it was when the visitor began
  const [name, setName] = useState(before.name);
  const [description, setDescription] = useState(before.description);
  const { run, busy, problem } = useAction();
  const save = () =>
    run(async (client) => {
      await mutate(client, UPDATE_AGENT, { id: before.id, input: { name, description }, expectedVersion: before.version });
      onChange();
      onClose();
    });
  return (
    <Dialog title="Edit the agent" onClose={onClose}>
      <ActionForm action="Save" busy={busy} problem={problem} onSubmit={save}>
        <label>Name <input required value={name} onChange={(event) => setName(event.target.value)} /></label>
        <label>Description <textarea rows={3} value={description} onChange={(event) => setDescription(event.target.value)} /></label>
      </ActionForm>
    </Dialog>
  );
}
