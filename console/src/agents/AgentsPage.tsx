import { useDeferredValue, useState } from 'react';
import { useSearchParams } from 'wouter';
import { usePagedRead, type Page } from '../api/pages';
import { describeFailure } from '../api/problems';
import type { AgentsQuery } from '../gql/operations';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { ShowMore } from '../shell/ShowMore';
import { useTitle } from '../shell/useTitle';
import { useScope } from '../shell/viewer';
import { AgentList } from './AgentList';
import { NewAgent } from './NewAgent';
import { AGENTS, type ListedAgent } from './operations';

const PAGE_SIZE = 50;

export function AgentsPage() {
  useTitle('Agents');
  const [parameters, setParameters] = useSearchParams();
  const text = parameters.get('text') ?? '';
  const filter = useDeferredValue(text);
  const [isCreating, setIsCreating] = useState(false);
  const mayWrite = useScope('WRITE');
  const variables = { first: PAGE_SIZE, filter: filter ? { text: filter } : null, orderBy: { field: 'NAME' as const } };
  const { data, error, fetching, reload, pages } = usePagedRead(AGENTS, variables, pageOf);
  const agents = data?.agents;

  return (
    <>
      <div className="page-head">
        <h1>Agents</h1>
        <span className="count" role="status">{agents ? `${agents.totalCount.toLocaleString()} in all` : ''}</span>
        {mayWrite && <div className="actions"><button type="button" className="primary" onClick={() => setIsCreating(true)}>New agent</button></div>}
      </div>
      {isCreating && <NewAgent onClose={() => setIsCreating(false)} />}
      <form className="filters" role="search" aria-label="Filter agents" onSubmit={(event) => event.preventDefault()}>
        <input
          type="search"
          aria-label="Name or description contains"
          placeholder="Name or description contains"
          value={text}
          onChange={(event) => setParameters(event.target.value ? { text: event.target.value } : {}, { replace: true })}
        />
      </form>
      <Problem message={error ? describeFailure(error) : pages.problem} onRetry={reload} />
      {pages.items.length > 0 && <AgentList agents={pages.items} />}
      {agents?.nodes.length === 0 && !fetching && (
        <Empty title={text ? 'No agent is like that' : 'There are no agents yet'}>
          {!text && <>Make one here, or push files with <code>rapporteur agents push</code>.</>}
        </Empty>
      )}
      <ShowMore pages={pages} />
    </>
  );
}

const pageOf = ({ agents: { nodes, pageInfo } }: AgentsQuery): Page<ListedAgent> => ({ items: nodes, pageInfo });
