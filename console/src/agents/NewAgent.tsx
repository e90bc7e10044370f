import { useState } from 'react';
import { useLocation } from 'wouter';
import { mutate, useAction } from '../api/mutations';
import { ActionForm } from '../shell/ActionForm';
import { Dialog } from '../shell/Dialog';
import { CREATE_AGENT } from './operations';

/** Creates an agent, and goes to its page. */
export function NewAgent({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [modelProvider, setModelProvider] = useState('');
  const [modelName, setModelName] = useState('');
  const { run, busy, problem } = useAction();
  const [, navigate] = useLocation();

  const create = () =>
    run(async (client) => {
      const { id } = await mutate(client, CREATE_AGENT, { input: { name, config: { modelProvider, modelName } } });
      navigate(`/agents/${id}`);
    });
  return (
    <Dialog title="New agent" onClose={onClose}>
      <ActionForm action="Create" busy={busy} problem={problem} onSubmit={create}>
        <label>Name <input required value={name} onChange={(event) => setName(event.target.value)} /></label>
        <label>Provider <input required placeholder="anthropic" value={modelProvider} onChange={(event) => setModelProvider(event.target.value)} /></label>
        <label>Model <input required value={modelName} onChange={(event) => setModelName(event.target.value)} /></label>
      </ActionForm>
    </Dialog>
  );
}
