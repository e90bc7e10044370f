// A webhook: what it tells and where, what was sent, and what became of it.

import { useState } from 'react';
import { Link } from 'wouter';
import { describeFailure } from '../api/problems';
import type { WebhookDeliveryState } from '../gql/operations';
import { Empty } from '../shell/Empty';
import { Problem } from '../shell/Problem';
import { useTitle } from '../shell/useTitle';
import { Deliveries } from './Deliveries';
import { eventWords } from './eventTypes';
import { useWebhook } from './useWebhook';
import { WebhookActions } from './WebhookActions';
import { WebhookHistory } from './WebhookHistory';
import { WebhookState } from './WebhookState';

export function WebhookPage({ id }: { id: string }) {
  const [state, setState] = useState<WebhookDeliveryState | null>(null);
  const { data, error, reload, variables } = useWebhook(id, state);
  const webhook = data?.webhook;
  useTitle(webhook?.name ?? 'Webhook');

  if (data && !webhook) {
    return <Empty title="There is no such webhook">It may have been deleted. <Link href="/webhooks">All webhooks</Link></Empty>;
  }
  return (
    <>
      <Problem message={error && describeFailure(error)} onRetry={reload} />
      {webhook && (
        <>
          <div className="page-head">
            <h1>{webhook.name}</h1>
            <WebhookState webhook={webhook} />
            <WebhookActions webhook={webhook} onChange={reload} />
          </div>
          <p className="meeting-facts"><code className="url">{webhook.url}</code> <span>{webhook.events.map(eventWords).join(', ')}</span></p>
          {webhook.document && <pre className="code" tabIndex={0} aria-label="Query">{webhook.document}</pre>}
          <Deliveries webhook={webhook} variables={variables} onFilter={setState} onChange={reload} />
          <WebhookHistory webhook={webhook} />
        </>
      )}
    </>
  );
}
