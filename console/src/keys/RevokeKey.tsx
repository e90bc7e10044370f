import { useState } from 'react';
import { mutate, useAction } from '../api/mutations';
import { Dialog } from '../shell/Dialog';
import { Problem } from '../shell/Problem';
import { REVOKE_API_KEY, type ApiKey } from './operations';

export function RevokeKey({ apiKey, onDone }: { apiKey: ApiKey; onDone: () => void }) {
  const [isOpen, setIsOpen] = useState(false);
  const { run, busy, problem } = useAction();
  const revoke = () =>
    run(async (client) => {
      await mutate(client, REVOKE_API_KEY, { id: apiKey.id });
      setIsOpen(false);
      onDone();
    });
  return (
    <>
      <button type="button" aria-label={`Revoke ${apiKey.name}`} onClick={() => setIsOpen(true)}>Revoke</button>
      {isOpen && (
        <Dialog title={`Revoke ${apiKey.name}?`} onClose={() => setIsOpen(false)}>
          <div className="stack">
            <p>It is refused from now on, and what it follows ends within seconds. Nothing takes it back.</p>
            <Problem message={problem} />
            <button type="button" className="danger" disabled={busy} onClick={() => void revoke()}>Revoke</button>
          </div>
        </Dialog>
      )}
    </>
  );
}
