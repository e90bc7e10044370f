// What happened to the agent and its variants, the newest first.

import { useState } from 'react';
import { useQuery } from 'urql';
import { describeFailure } from '../api/problems';
import { Problem } from '../shell/Problem';
import { HistoryEvent } from './HistoryEvent';
import { AGENT_HISTORY, type Agent } from './operations';

const PAGE_SIZE = 20;
const MAX_PAGE_SIZE = 100;

interface Props {
  agent: Agent;
  onChange: () => void;
}

export function AgentHistory({ agent, onChange }: Props) {
  const [first, setFirst] = useState(PAGE_SIZE);
  const [{ data, error }, reload] = useQuery({ query: AGENT_HISTORY, variables: { id: agent.id, first } });
  const history = data?.agent?.history;
  const changed = () => {
    reload();
    onChange();
  };
  return (
    <>
      <Problem message={error && describeFailure(error)} onRetry={reload} />
      <ol className="history">
        {history?.nodes.map((event) => <HistoryEvent key={event.id} agent={agent} event={event} onChange={changed} />)}
      </ol>
      {history?.pageInfo.hasNextPage && first < MAX_PAGE_SIZE && (
        <button type="button" onClick={() => setFirst(MAX_PAGE_SIZE)}>Show more</button>
      )}
    </>
  );
}
