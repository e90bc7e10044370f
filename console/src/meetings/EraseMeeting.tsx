import { useState } from 'react';
import { useLocation } from 'wouter';
import { mutate, useAction } from '../api/mutations';
import { ActionForm } from '../shell/ActionForm';
import { Dialog } from '../shell/Dialog';
import { ERASE_MEETING, type Meeting } from './operations';

/** Erases a meeting for ever, after the visitor has said so twice. */
export function EraseMeeting({ meeting }: { meeting: Meeting }) {
  const [isOpen, setIsOpen] = useState(false);
  const [reason, setReason] = useState('');
  const { run, busy, problem } = useAction();
  const [, navigate] = useLocation();

  const erase = () =>
    run(async (client) => {
      await mutate(client, ERASE_MEETING, { id: meeting.id, ...(reason && { reason }) });
      navigate('/meetings');
    });
  return (
    <>
      <button type="button" className="danger" onClick={() => setIsOpen(true)}>Erase…</button>
      {isOpen && (
        <Dialog title={`Erase “${meeting.title}”?`} onClose={() => setIsOpen(false)}>
          <ActionForm action="Erase for ever" isDangerous busy={busy} problem={problem} onSubmit={erase}>
            <p>All that was said and named is removed, also from the history and the search. Nothing takes it back.</p>
            <label>Reason, for the server’s log <input value={reason} onChange={(event) => setReason(event.target.value)} /></label>
          </ActionForm>
        </Dialog>
      )}
    </>
  );
}
