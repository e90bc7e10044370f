import { moment } from '../shell/times';
import type { ListedWebhook } from './operations';

/** Whether a webhook is sent to, and since when its receiver has not answered. */
export function WebhookState({ webhook }: { webhook: ListedWebhook }) {
  if (!webhook.isEnabled) return <span className="badge">Paused {webhook.disabledAt && moment(webhook.disabledAt)}</span>;
  if (webhook.failingSince) return <span className="badge state-error">Failing since {moment(webhook.failingSince)}</span>;
  return <span className="badge is-active">Enabled</span>;
}
