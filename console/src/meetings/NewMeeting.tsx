import { useState } from 'react';
import { useLocation } from 'wouter';
import { AgentChoice } from '../agents/AgentChoice';
import { mutate, useAction } from '../api/mutations';
import { ActionForm } from '../shell/ActionForm';
import { Dialog } from '../shell/Dialog';
import { CREATE_MEETING } from './operations';

/** Creates a meeting, and goes to its page. */
export function NewMeeting({ onClose }: { onClose: () => void }) {
  const [title, setTitle] = useState('');
  const [agentId, setAgentId] = useState<string | null>(null);
  const { run, busy, problem } = useAction();
  const [, navigate] = useLocation();

  const create = () =>
    run(async (client) => {
      const { id } = await mutate(client, CREATE_MEETING, { input: { title, ...(agentId !== null && { agentId }) } });
      navigate(`/meetings/${id}`);
    });
  return (
    <Dialog title="New meeting" onClose={onClose}>
      <ActionForm action="Create" busy={busy} problem={problem} onSubmit={create}>
        <label>Title <input required value={title} onChange={(event) => setTitle(event.target.value)} /></label>
        <AgentChoice label="Agent" onChoose={setAgentId} />
      </ActionForm>
    </Dialog>
  );
}
