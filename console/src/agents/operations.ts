import activateVariant from '../../../graphql/operations/ActivateVariant.graphql?raw';
import agent from '../../../graphql/operations/Agent.graphql?raw';
import agentHistory from '../../../graphql/operations/AgentHistory.graphql?raw';
import agents from '../../../graphql/operations/Agents.graphql?raw';
import cloneVariant from '../../../graphql/operations/CloneVariant.graphql?raw';
import configDiff from '../../../graphql/operations/ConfigDiff.graphql?raw';
import createAgent from '../../../graphql/operations/CreateAgent.graphql?raw';
import deactivateVariant from '../../../graphql/operations/DeactivateVariant.graphql?raw';
import deleteAgent from '../../../graphql/operations/DeleteAgent.graphql?raw';
import deleteVariant from '../../../graphql/operations/DeleteVariant.graphql?raw';
import renderPrompt from '../../../graphql/operations/RenderPrompt.graphql?raw';
import resolvedConfigUpdates from '../../../graphql/operations/ResolvedConfigUpdates.graphql?raw';
import revertAgent from '../../../graphql/operations/RevertAgent.graphql?raw';
import revertVariant from '../../../graphql/operations/RevertVariant.graphql?raw';
import rollbackActivation from '../../../graphql/operations/RollbackActivation.graphql?raw';
import updateAgent from '../../../graphql/operations/UpdateAgent.graphql?raw';
import updateVariant from '../../../graphql/operations/UpdateVariant.graphql?raw';
import { operation } from '../api/operation';
import type * as gql from '../gql/operations';

export const ACTIVATE_VARIANT = operation<gql.ActivateVariantMutation, gql.ActivateVariantMutationVariables>(activateVariant);
export const AGENT = operation<gql.AgentQuery, gql.AgentQueryVariables>(agent);
export const AGENT_HISTORY = operation<gql.AgentHistoryQuery, gql.AgentHistoryQueryVariables>(agentHistory);
export const AGENTS = operation<gql.AgentsQuery, gql.AgentsQueryVariables>(agents);
export const CLONE_VARIANT = operation<gql.CloneVariantMutation, gql.CloneVariantMutationVariables>(cloneVariant);
export const CONFIG_DIFF = operation<gql.ConfigDiffQuery, gql.ConfigDiffQueryVariables>(configDiff);
export const CREATE_AGENT = operation<gql.CreateAgentMutation, gql.CreateAgentMutationVariables>(createAgent);
export const DEACTIVATE_VARIANT = operation<gql.DeactivateVariantMutation, gql.DeactivateVariantMutationVariables>(deactivateVariant);
export const DELETE_AGENT = operation<gql.DeleteAgentMutation, gql.DeleteAgentMutationVariables>(deleteAgent);
export const DELETE_VARIANT = operation<gql.DeleteVariantMutation, gql.DeleteVariantMutationVariables>(deleteVariant);
export const RENDER_PROMPT = operation<gql.RenderPromptQuery, gql.RenderPromptQueryVariables>(renderPrompt);
export const RESOLVED_CONFIG_UPDATES = operation<
  gql.ResolvedConfigUpdatesSubscription,
  gql.ResolvedConfigUpdatesSubscriptionVariables
>(resolvedConfigUpdates);
export const REVERT_AGENT = operation<gql.RevertAgentMutation, gql.RevertAgentMutationVariables>(revertAgent);
export const REVERT_VARIANT = operation<gql.RevertVariantMutation, gql.RevertVariantMutationVariables>(revertVariant);
export const ROLLBACK_ACTIVATION = operation<gql.RollbackActivationMutation, gql.RollbackActivationMutationVariables>(rollbackActivation);
export const UPDATE_AGENT = operation<gql.UpdateAgentMutation, gql.UpdateAgentMutationVariables>(updateAgent);
export const UPDATE_VARIANT = operation<gql.UpdateVariantMutation, gql.UpdateVariantMutationVariables>(updateVariant);

export type ListedAgent = gql.AgentsQuery['agents']['nodes'][number];
export type Agent = NonNullable<gql.AgentQuery['agent']>;
export type Variant = Agent['variants'][number];
export type AgentEvent = NonNullable<gql.AgentHistoryQuery['agent']>['history']['nodes'][number];
export type FieldDiff = NonNullable<gql.ConfigDiffQuery['configDiff']>['fields'][number];
