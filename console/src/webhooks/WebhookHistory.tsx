import { useEffect } from 'react';
import { EVENT_WORDS } from '../agents/HistoryEvent';
import { usePagedRead, type Page } from '../api/pages';
import { describeFailure } from '../api/problems';
import type { WebhookHistoryQuery } from '../gql/operations';
import { Problem } from '../shell/Problem';
import { ShowMore } from '../shell/ShowMore';
import { moment } from '../shell/times';
import { WEBHOOK_HISTORY, type Webhook, type WebhookEvent } from './operations';

const PAGE_SIZE = 10;

/** Who changed the webhook and why, also where a server disabled it; read again with each of its versions. */
export function WebhookHistory({ webhook }: { webhook: Webhook }) {
  const variables = { id: webhook.id, first: PAGE_SIZE };
  const { data, error, reload, pages } = usePagedRead(WEBHOOK_HISTORY, variables, pageOf);
  const isOld = data?.webhook != null && data.webhook.version < webhook.version;
  useEffect(() => {
    if (isOld) reload();
  }, [isOld, webhook.version]);
  return (
    <section className="stack" aria-labelledby="history">
      <h2 id="history">History</h2>
      <Problem message={error ? describeFailure(error) : pages.problem} onRetry={reload} />
      <ol className="history">
        {pages.items.map(({ id, kind, actor, createdAt, reason, changes }) => (
          <li key={id} className="event">
            <div className="row">
              <strong>{EVENT_WORDS[kind]}</strong>
              <span className="hint">by {actor}, <time dateTime={createdAt}>{moment(createdAt)}</time></span>
            </div>
            {reason && <p className="reason">{reason}</p>}
            {kind !== 'CREATED' && (
              <ul className="changes">
                {changes.map(({ field, before, after }) => <li key={field}>{field}: <del>{String(before)}</del> → <ins>{String(after)}</ins></li>)}
              </ul>
            )}
          </li>
        ))}
      </ol>
      <ShowMore pages={pages} />
    </section>
  );
}

const pageOf = ({ webhook }: WebhookHistoryQuery): Page<WebhookEvent> => ({
  items: webhook?.history.nodes ?? [],
  pageInfo: webhook?.history.pageInfo ?? { hasNextPage: false }, // deleted meanwhile
});
