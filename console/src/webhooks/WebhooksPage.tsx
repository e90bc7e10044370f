import { useState } from 'react';
import { Link } from 'wouter';
import { usePagedRead, type Page } from '../api/pages';
import { describeFailure } from '../api/problems';
import type { WebhooksQuery } from '../gql/operations';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { ShowMore } from '../shell/ShowMore';
import { useTitle } from '../shell/useTitle';
import { NewWebhook } from './NewWebhook';
import { WEBHOOKS, type ListedWebhook } from './operations';
import { WebhookState } from './WebhookState';

const PAGE_SIZE = 50;

/** The webhooks of the workspace, for whoever has the scope ADMIN. */
export function WebhooksPage() {
  useTitle('Webhooks');
  const [isCreating, setIsCreating] = useState(false);
  const { error, fetching, reload, pages } = usePagedRead(WEBHOOKS, { first: PAGE_SIZE }, pageOf);
  const webhooks = pages.items;
  return (
    <>
      <div className="page-head">
        <h1>Webhooks</h1>
        <div className="actions"><button type="button" className="primary" onClick={() => setIsCreating(true)}>New webhook</button></div>
      </div>
      {isCreating && <NewWebhook onCreated={reload} onClose={() => setIsCreating(false)} />}
      <Problem message={error ? describeFailure(error) : pages.problem} onRetry={reload} />
      {webhooks.length > 0 && (
        <ul className="meetings">
          {webhooks.map((webhook) => (
            <li key={webhook.id}>
              <Link href={`/webhooks/${webhook.id}`} className="meeting">
                <span className="meeting-title">{webhook.name}</span>
                <WebhookState webhook={webhook} />
                <span className="meeting-facts">
                  <span className="url">{webhook.url}</span>
                  <span>{webhook.events.length === 1 ? '1 kind of change' : `${webhook.events.length} kinds of changes`}</span>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {webhooks.length === 0 && !fetching && !error && (
        <Empty title="There are no webhooks yet">A webhook tells a server of yours when a meeting or an agent has changed.</Empty>
      )}
      <ShowMore pages={pages} />
    </>
  );
}

const pageOf = ({ webhooks: { nodes, pageInfo } }: WebhooksQuery): Page<ListedWebhook> => ({ items: nodes, pageInfo });
