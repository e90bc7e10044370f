import apiKeys from '../../../graphql/operations/ApiKeys.graphql?raw';
import createApiKey from '../../../graphql/operations/CreateApiKey.graphql?raw';
import revokeApiKey from '../../../graphql/operations/RevokeApiKey.graphql?raw';
import { operation } from '../api/operation';
import type * as gql from '../gql/operations';

export const API_KEYS = operation<gql.ApiKeysQuery, gql.ApiKeysQueryVariables>(apiKeys);
export const CREATE_API_KEY = operation<gql.CreateApiKeyMutation, gql.CreateApiKeyMutationVariables>(createApiKey);
export const REVOKE_API_KEY = operation<gql.RevokeApiKeyMutation, gql.RevokeApiKeyMutationVariables>(revokeApiKey);

export type ApiKey = gql.ApiKeysQuery['apiKeys']['nodes'][number];
