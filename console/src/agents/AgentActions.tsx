import { useState } from 'react';
import { useLocation } from 'wouter';
import { mutate } from '../api/mutations';
import { ReasonDialog } from '../shell/ReasonDialog';
import { EditAgent } from './EditAgent';
import { DELETE_AGENT, ROLLBACK_ACTIVATION, type Agent } from './operations';

interface Props {
  agent: Agent;
  onChange: () => void;
}

/** What can be done with an agent as a whole. */
export function AgentActions({ agent, onChange }: Props) {
  const [dialog, setDialog] = useState<'edit' | 'rollback' | 'delete' | null>(null);
  const [, navigate] = useLocation();
  const close = () => setDialog(null);
  return (
    <div className="actions">
      <button type="button" onClick={() => setDialog('rollback')}>Roll back…</button>
      <button type="button" onClick={() => setDialog('edit')}>Edit…</button>
      <button type="button" className="danger" onClick={() => setDialog('delete')}>Delete…</button>
      {dialog === 'edit' && <EditAgent agent={agent} onChange={onChange} onClose={close} />}
      {dialog === 'rollback' && (
        <ReasonDialog
          title="Roll back to what was active before?"
          action="Roll back"
          onClose={close}
          onDone={onChange}
          perform={(client, reason) => mutate(client, ROLLBACK_ACTIVATION, { agentId: agent.id, expectedVersion: agent.version, reason })}
        >
          Workers run with it from then on. The configurations themselves stay as they are.
        </ReasonDialog>
      )}
      {dialog === 'delete' && (
        <ReasonDialog
          title={`Delete ${agent.name}?`}
          action="Delete"
          onClose={close}
          onDone={() => navigate('/agents')}
          perform={(client, reason) => mutate(client, DELETE_AGENT, { id: agent.id, expectedVersion: agent.version, reason })}
        >
          It goes with all of its variants, and workers get no configuration from it any more. Its history stays.
        </ReasonDialog>
      )}
    </div>
  );
}
