// What happened to the agent and its variants, the newest first.

import { usePagedRead, type Page } from '../api/pages';
import { describeFailure } from '../api/problems';
import type { AgentHistoryQuery } from '../gql/operations';
import { Problem } from '../shell/Problem';
import { ShowMore } from '../shell/ShowMore';
import { HistoryEvent } from './HistoryEvent';
import { AGENT_HISTORY, type Agent, type AgentEvent } from './operations';

const PAGE_SIZE = 20;

interface Props {
  agent: Agent;
  onChange: () => void;
}

export function AgentHistory({ agent, onChange }: Props) {
  const variables = { id: agent.id, first: PAGE_SIZE };
  const { error, reload, pages } = usePagedRead(AGENT_HISTORY, variables, pageOf);
  const changed = () => {
    reload();
    onChange();
  };
  return (
    <>
      <Problem message={error ? describeFailure(error) : pages.problem} onRetry={reload} />
      <ol className="history">
        {pages.items.map((event) => <HistoryEvent key={event.id} agent={agent} event={event} onChange={changed} />)}
      </ol>
      <ShowMore pages={pages} />
    </>
  );
}

const pageOf = ({ agent }: AgentHistoryQuery): Page<AgentEvent> => ({
  items: agent?.history.nodes ?? [],
  pageInfo: agent?.history.pageInfo ?? { hasNextPage: false }, // deleted meanwhile
});
