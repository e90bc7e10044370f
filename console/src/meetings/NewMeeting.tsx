import { useState } from 'react';
import { useQuery } from 'urql';
import { useLocation } from 'wouter';
import { AGENTS } from '../agents/operations';
import { mutate, useAction } from '../api/mutations';
import { Dialog } from '../shell/Dialog';
import { Problem } from '../shell/Problem';
import { CREATE_MEETING } from './operations';

const MAX_AGENTS = 100;

/** Creates a meeting, and goes to its page. */
export function NewMeeting({ onClose }: { onClose: () => void }) {
  const [title, setTitle] = useState('');
  const [agentId, setAgentId] = useState('');
  const [{ data }] = useQuery({ query: AGENTS, variables: { first: MAX_AGENTS, orderBy: { field: 'NAME' } } });
  const { run, busy, problem } = useAction();
  const [, navigate] = useLocation();

  const create = () =>
    run(async (client) => {
      const { id } = await mutate(client, CREATE_MEETING, { input: { title, ...(agentId && { agentId }) } });
      navigate(`/meetings/${id}`);
    });
  return (
    <Dialog title="New meeting" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <label>Title <input autoFocus required value={title} onChange={(event) => setTitle(event.target.value)} /></label>
        <label>
          Agent
          <select value={agentId} onChange={(event) => setAgentId(event.target.value)}>
            <option value="">None</option>
            {data?.agents.nodes.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
          </select>
        </label>
        <Problem message={problem} />
        <button className="primary" disabled={busy}>Create</button>
      </form>
    </Dialog>
  );
}
