// An agent: its configurations, its prompts with values in them, what differs, and its history.

import { Link } from 'wouter';
import { describeFailure } from '../api/problems';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { useTitle } from '../shell/useTitle';
import { useScope } from '../shell/viewer';
import { ConnectionBadge } from '../transcript/ConnectionBadge';
import { AgentActions } from './AgentActions';
import { AgentHistory } from './AgentHistory';
import { ConfigComparison } from './ConfigComparison';
import { ConfigMatrix } from './ConfigMatrix';
import { PromptPreview } from './PromptPreview';
import { useAgent } from './useAgent';

const TABS = [
  { tab: '', label: 'Configuration' },
  { tab: 'preview', label: 'Preview' },
  { tab: 'compare', label: 'Compare' },
  { tab: 'history', label: 'History' },
];

export function AgentPage({ id, tab }: { id: string; tab: string }) {
  const { data, error, reload, connection, variables } = useAgent(id);
  const mayWrite = useScope('WRITE');
  const agent = data?.agent;
  useTitle(agent?.name ?? 'Agent');

  if (data && !agent) {
    return <Empty title="There is no such agent">It may have been deleted. <Link href="/agents">All agents</Link></Empty>;
  }
  return (
    <>
      <Problem message={error && describeFailure(error)} onRetry={reload} />
      {agent && (
        <>
          <div className="page-head">
            <h1>{agent.name}</h1>
            <ConnectionBadge state={connection.state} error={connection.error} />
            {mayWrite && <AgentActions agent={agent} onChange={reload} />}
          </div>
          <p className="meeting-facts"><code>{agent.slug}</code> <span>{agent.description}</span></p>
          <nav className="tabs" aria-label="Parts of the agent">
            {TABS.map((each) => (
              <Link key={each.tab} href={`/agents/${id}${each.tab && `/${each.tab}`}`} aria-current={each.tab === tab ? 'page' : undefined}>
                {each.label}
              </Link>
            ))}
          </nav>
          {tab === '' && <ConfigMatrix agent={agent} onChange={reload} />}
          {tab === 'preview' && <PromptPreview agent={agent} variables={variables} />}
          {tab === 'compare' && <ConfigComparison agent={agent} />}
          {tab === 'history' && <AgentHistory agent={agent} onChange={reload} />}
        </>
      )}
    </>
  );
}
