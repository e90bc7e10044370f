// What a webhook was sent, the newest first.

import { usePages, type Page } from '../api/pages';
import { query } from '../api/queries';
import type { WebhookDeliveryState, WebhookQueryVariables } from '../gql/operations';
import { Problem } from '../shell/Problem';
import { ShowMore } from '../shell/ShowMore';
import { DeliveryItem } from './DeliveryItem';
import { WEBHOOK, type Delivery, type Webhook } from './operations';

const STATES: Record<WebhookDeliveryState, string> = { PENDING: 'Pending', DELIVERED: 'Delivered', FAILED: 'Given up' };

interface Props {
  webhook: Webhook;
  variables: WebhookQueryVariables;
  onFilter: (state: WebhookDeliveryState | null) => void;
  onChange: () => void;
}

export function Deliveries({ webhook, variables, onFilter, onChange }: Props) {
  const pages = usePages(`${webhook.id} ${variables.state}`, pageOf(webhook), async (client, after) =>
    pageOf((await query(client, WEBHOOK, { ...variables, after })).webhook),
  );
  return (
    <section className="stack" aria-labelledby="deliveries">
      <div className="row">
        <h2 id="deliveries">Deliveries</h2>
        <select
          aria-label="State of deliveries"
          value={variables.state ?? ''}
          onChange={(event) => onFilter((event.target.value || null) as WebhookDeliveryState | null)}
        >
          <option value="">All</option>
          {Object.entries(STATES).map(([state, words]) => <option key={state} value={state}>{words}</option>)}
        </select>
      </div>
      <Problem message={pages.problem} />
      {pages.items.length === 0 && <p className="hint">Nothing yet. <em>Send a test</em> to see whether the receiver answers.</p>}
      <ul className="deliveries">
        {pages.items.map((delivery) => <DeliveryItem key={delivery.id} delivery={delivery} words={STATES[delivery.state]} onChange={onChange} />)}
      </ul>
      <ShowMore pages={pages} />
    </section>
  );
}

const pageOf = (webhook: Pick<Webhook, 'deliveries'> | null): Page<Delivery> => ({
  items: webhook?.deliveries.nodes ?? [],
  pageInfo: webhook?.deliveries.pageInfo ?? { hasNextPage: false }, // deleted meanwhile
});
