import type { WebhookEventType } from '../gql/operations';

/** The kinds of changes that a webhook can be told of, in words. */
const WORDS: Record<WebhookEventType, string> = {
  MEETING_CREATED: 'Meeting created',
  MEETING_UPDATED: 'Meeting changed',
  MEETING_STATE_CHANGED: 'Meeting moved on',
  MEETING_SEGMENTS_CHANGED: 'Words written or corrected',
  MEETING_DELETED: 'Meeting deleted',
  MEETING_ERASED: 'Meeting erased',
  AGENT_CREATED: 'Agent created',
  AGENT_UPDATED: 'Agent changed',
  AGENT_ACTIVATED: 'Variant activated',
  AGENT_DEACTIVATED: 'Base activated',
  AGENT_ROLLED_BACK: 'Agent taken back',
  AGENT_DELETED: 'Agent deleted',
  WEBHOOK_STATE_CHANGED: 'Another webhook disabled or enabled',
};
export const EVENT_TYPES = Object.keys(WORDS) as WebhookEventType[];

/** A kind of change in words, also that of a test, which is sent to every webhook. */
export const eventWords = (type: string): string => (type === 'WEBHOOK_TEST' ? 'Test' : WORDS[type as WebhookEventType]) ?? type;
