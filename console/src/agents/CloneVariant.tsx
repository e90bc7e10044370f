import { useState } from 'react';
import { mutate, useAction } from '../api/mutations';
import { ActionForm } from '../shell/ActionForm';
import { Dialog } from '../shell/Dialog';
import type { Column } from './columns';
import { CLONE_VARIANT, type Agent } from './operations';

interface Props {
  agent: Agent;
  column: Column;
  onClose: () => void;
  onDone: () => void;
}

/** Makes a new variant from the base or from another variant. */
export function CloneVariant({ agent, column, onClose, onDone }: Props) {
  const [name, setName] = useState('');
  const [activate, setActivate] = useState(false);
  const { run, busy, problem } = useAction();
  const clone = () =>
    run(async (client) => {
      const source = column.variant ? { sourceVariantId: column.id } : {};
      await mutate(client, CLONE_VARIANT, { agentId: agent.id, input: { ...source, name, activate } });
      onDone();
      onClose();
    });
  return (
    <Dialog title={`Clone ${column.name}`} onClose={onClose}>
      <ActionForm action="Clone" busy={busy} problem={problem} onSubmit={clone}>
        <label>Name of the new variant <input required value={name} onChange={(event) => setName(event.target.value)} /></label>
        <label className="check"><input type="checkbox" checked={activate} onChange={(event) => setActivate(event.target.checked)} /> Activate it at once</label>
      </ActionForm>
    </Dialog>
  );
}
