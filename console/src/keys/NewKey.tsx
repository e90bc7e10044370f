import { useState } from 'react';
import { mutate, useAction } from '../api/mutations';
import type { Scope } from '../gql/operations';
import { ActionForm } from '../shell/ActionForm';
import { Dialog } from '../shell/Dialog';
import { ShownOnce } from '../shell/ShownOnce';
import { CREATE_API_KEY } from './operations';

const SCOPES: readonly { scope: Scope; meaning: string }[] = [
  { scope: 'READ', meaning: 'Read: see everything but keys and webhooks' },
  { scope: 'WRITE', meaning: 'Write: also change meetings and agents' },
  { scope: 'ADMIN', meaning: 'Admin: also keys, webhooks and erasure' },
  { scope: 'INGEST', meaning: 'Ingest: a bot in its own meetings only' },
];

interface Props {
  onCreated: () => void;
  onClose: () => void;
}

/** Creates a key, and shows its token once. */
export function NewKey({ onCreated, onClose }: Props) {
  const [name, setName] = useState('');
  const [scope, setScope] = useState<Scope>('READ');
  const [expires, setExpires] = useState('');
  const [token, setToken] = useState<string | null>(null);
  const { run, busy, problem } = useAction();

  const create = () =>
    run(async (client) => {
      const expiresAt = expires ? { expiresAt: new Date(`${expires}T23:59:59`).toISOString() } : {};
      const created = await mutate(client, CREATE_API_KEY, { input: { name, scopes: [scope], ...expiresAt } });
      setToken(created.token);
      onCreated();
    });
  if (token !== null) return <ShownOnce title={`The key ${name}`} label="Key" text={token} onClose={onClose} />;
  return (
    <Dialog title="New key" onClose={onClose}>
      <ActionForm action="Create" busy={busy} problem={problem} onSubmit={create}>
        <label>Name <input required value={name} onChange={(event) => setName(event.target.value)} /></label>
        <label>
          What it allows
          <select value={scope} onChange={(event) => setScope(event.target.value as Scope)}>
            {SCOPES.map((each) => <option key={each.scope} value={each.scope}>{each.meaning}</option>)}
          </select>
        </label>
        <label>Last day, if it ends <input type="date" value={expires} onChange={(event) => setExpires(event.target.value)} /></label>
      </ActionForm>
    </Dialog>
  );
}
