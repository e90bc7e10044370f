import createWebhook from '../../../graphql/operations/CreateWebhook.graphql?raw';
import deleteWebhook from '../../../graphql/operations/DeleteWebhook.graphql?raw';
import redeliver from '../../../graphql/operations/Redeliver.graphql?raw';
import rotateWebhookSecret from '../../../graphql/operations/RotateWebhookSecret.graphql?raw';
import testWebhook from '../../../graphql/operations/TestWebhook.graphql?raw';
import updateWebhook from '../../../graphql/operations/UpdateWebhook.graphql?raw';
import webhook from '../../../graphql/operations/Webhook.graphql?raw';
import webhookHistory from '../../../graphql/operations/WebhookHistory.graphql?raw';
import webhooks from '../../../graphql/operations/Webhooks.graphql?raw';
import { operation } from '../api/operation';
import type * as gql from '../gql/operations';

export const CREATE_WEBHOOK = operation<gql.CreateWebhookMutation, gql.CreateWebhookMutationVariables>(createWebhook);
export const DELETE_WEBHOOK = operation<gql.DeleteWebhookMutation, gql.DeleteWebhookMutationVariables>(deleteWebhook);
export const REDELIVER = operation<gql.RedeliverMutation, gql.RedeliverMutationVariables>(redeliver);
export const ROTATE_WEBHOOK_SECRET = operation<
  gql.RotateWebhookSecretMutation,
  gql.RotateWebhookSecretMutationVariables
>(rotateWebhookSecret);
export const TEST_WEBHOOK = operation<gql.TestWebhookMutation, gql.TestWebhookMutationVariables>(testWebhook);
export const UPDATE_WEBHOOK = operation<gql.UpdateWebhookMutation, gql.UpdateWebhookMutationVariables>(updateWebhook);
export const WEBHOOK = operation<gql.WebhookQuery, gql.WebhookQueryVariables>(webhook);
export const WEBHOOK_HISTORY = operation<gql.WebhookHistoryQuery, gql.WebhookHistoryQueryVariables>(webhookHistory);
export const WEBHOOKS = operation<gql.WebhooksQuery, gql.WebhooksQueryVariables>(webhooks);

export type ListedWebhook = gql.WebhooksQuery['webhooks']['nodes'][number];
export type Webhook = NonNullable<gql.WebhookQuery['webhook']>;
export type Delivery = Webhook['deliveries']['nodes'][number];
export type WebhookEvent = NonNullable<gql.WebhookHistoryQuery['webhook']>['history']['nodes'][number];
