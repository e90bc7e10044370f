// Keeps the configurations fresh, with one subscription for all agents.

import { Backoff } from '../backoff.js';
import type { Endpoint } from '../endpoint.js';
import { messageOf, RapporteurError, Unavailable } from '../errors.js';
import { ResolvedConfigsUpdates } from '../gql/operations.js';
import type { Lifetime } from '../lifetime.js';
import type { ReportProblem } from '../problems.js';
import { follow } from '../subscription.js';
import type { Config } from './config.js';
import type { ConfigStore } from './store.js';

/** The pause after a refusal, which only a person can mend: with another key, or another version of the server. */
const REFUSED_PAUSE_MS = 30_000;

/** Takes what the server says into the store, until the lifetime is over. It never rejects. */
export async function feedConfigs(
  endpoint: Endpoint,
  agents: readonly string[] | undefined,
  store: ConfigStore,
  lifetime: Lifetime,
  onProblem: ReportProblem,
): Promise<void> {
  const backoff = new Backoff();
  while (!lifetime.isOver) {
    try {
      await feedUntilRefused(endpoint, agents, store, lifetime, onProblem);
      if (!lifetime.isOver) throw new RapporteurError('the server ended the subscription');
    } catch (error) {
      onProblem(new RapporteurError(`configurations are not followed: ${messageOf(error)}`, error));
    }
    await backoff.pause(lifetime, REFUSED_PAUSE_MS);
  }
}

async function feedUntilRefused(
  endpoint: Endpoint,
  agents: readonly string[] | undefined,
  store: ConfigStore,
  lifetime: Lifetime,
  onProblem: ReportProblem,
): Promise<void> {
  let isCurrent = false;
  const updates = follow(endpoint, {
    document: ResolvedConfigsUpdates,
    variables: () => ({ agentSlugs: agents ? [...agents] : null }),
    lifetime,
    onAlive: () => {
      if (isCurrent) store.confirm();
    },
    onLost: (error: Unavailable) => {
      isCurrent = false;
      onProblem(error);
    },
  });
  for await (const { data, isFirst } of updates) {
    const { configs, deletedAgentSlugs } = data.resolvedConfigsUpdates;
    const given = configs as readonly Config[]; // the generated types do not know that the parameters are objects
    if (isFirst) store.replace(given);
    else store.update(given, deletedAgentSlugs);
    isCurrent = true;
  }
}
