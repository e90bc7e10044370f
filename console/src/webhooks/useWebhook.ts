import { useReadAgain } from '../api/useReadAgain';
import { useRead } from '../api/useRead';
import type { WebhookDeliveryState } from '../gql/operations';
import { WEBHOOK } from './operations';

const DELIVERIES_PER_PAGE = 20;
const READ_AGAIN_MS = 3_000;

/** A webhook and its newest deliveries, of all states or of one. */
export function useWebhook(id: string, state: WebhookDeliveryState | null) {
  const variables = { id, first: DELIVERIES_PER_PAGE, state };
  const [{ data, error }, reload] = useRead({ query: WEBHOOK, variables });
  useReadAgain(reload, READ_AGAIN_MS);
  return { data, error, reload, variables };
}
