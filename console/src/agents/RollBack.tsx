import { useState } from 'react';
import { mutate } from '../api/mutations';
import { ReasonDialog } from '../shell/ReasonDialog';
import { ROLLBACK_ACTIVATION, type Agent } from './operations';

/** Makes active what was active before. */
export function RollBack({ agent, onDone }: { agent: Agent; onDone: () => void }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setIsOpen(true)}>Roll back…</button>
      {isOpen && (
        <ReasonDialog
          title="Roll back to what was active before?"
          action="Roll back"
          onClose={() => setIsOpen(false)}
          onDone={onDone}
          perform={(client, reason) =>
            mutate(client, ROLLBACK_ACTIVATION, { agentId: agent.id, expectedVersion: agent.version, reason })
          }
        >
          Workers run with it from then on. The configurations themselves stay as they are.
        </ReasonDialog>
      )}
    </>
  );
}
