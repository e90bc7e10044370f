import { useState, type ReactNode } from 'react';
import type { Client } from 'urql';
import { useAction } from '../api/mutations';
import { ActionForm } from './ActionForm';
import { Dialog } from './Dialog';

interface Props {
  title: string;
  action: string;
  perform: (client: Client, reason: string | null) => Promise<unknown>;
  onDone: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Asks for a reason, which the history keeps, and then does something. */
export function ReasonDialog({ title, action, perform, onDone, onClose, children }: Props) {
  const [reason, setReason] = useState('');
  const { run, busy, problem } = useAction();
  const confirm = () =>
    run(async (client) => {
      await perform(client, reason.trim() || null);
      onDone();
      onClose();
    });
  return (
    <Dialog title={title} onClose={onClose}>
      <ActionForm action={action} busy={busy} problem={problem} onSubmit={confirm}>
        <p>{children}</p>
        <label>Reason <input value={reason} onChange={(event) => setReason(event.target.value)} /></label>
      </ActionForm>
    </Dialog>
  );
}
