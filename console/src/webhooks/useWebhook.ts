import { useReadAgain } from '../api/useReadAgain';
import { useRead } from '../api/useRead';
import type { WebhookDeliveryState } from '../gql/operations';
import { WEBHOOK } from './operations';

const DELIVERIES_PER_PAGE = 20;
const READ_AGAIN_MS = 5_000;
const READ_PENDING_MS = 1_000;

/** A webhook and its newest deliveries, of all states or of one; read again sooner while one is under way. */
export function useWebhook(id: string, state: WebhookDeliveryState | null) {
  const variables = { id, first: DELIVERIES_PER_PAGE, state };
  const [{ data, error }, reload] = useRead({ query: WEBHOOK, variables });
  const isPending = data?.webhook?.deliveries.nodes.some((delivery) => delivery.state === 'PENDING') ?? false;
  useReadAgain(reload, isPending ? READ_PENDING_MS : READ_AGAIN_MS);
  return { data, error, reload, variables };
}
