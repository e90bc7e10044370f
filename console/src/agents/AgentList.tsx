import { Link } from 'wouter';
import type { ListedAgent } from './operations';

export function AgentList({ agents }: { agents: readonly ListedAgent[] }) {
  return (
    <ul className="meetings">
      {agents.map((agent) => (
        <li key={agent.id}>
          <Link href={`/agents/${agent.id}`} className="meeting">
            <span className="meeting-title">{agent.name}</span>
            <span className="badge is-active">{activeName(agent)}</span>
            <span className="meeting-facts">
              <span>{agent.resolvedConfig.modelProvider} {agent.resolvedConfig.modelName}</span>
              <span>{agent.variants.length === 1 ? '1 variant' : `${agent.variants.length} variants`}</span>
              <span>{agent.description}</span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

const activeName = ({ variants }: ListedAgent) => variants.find(({ isActive }) => isActive)?.name ?? 'Base';
