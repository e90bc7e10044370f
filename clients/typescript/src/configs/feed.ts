// Keeps the configurations fresh, with one subscription for all agents.

import { Backoff } from '../backoff.js';
import type { Endpoint } from '../endpoint.js';
import { messageOf, RapporteurError, Unavailable } from '../errors.js';
import { ResolvedConfigsUpdates } from '../gql/operations.js';
import type { ReportProblem } from '../problems.js';
import { follow } from '../subscription.js';
import type { Config } from './config.js';
import type { ConfigStore } from './store.js';

/** The pause after a refusal, which only a person can mend: with another key, or another version of the server. */
const REFUSED_PAUSE_MS = 30_000;

/** Takes what the server says into the store, until the signal is aborted. It never rejects. */
export async function feedConfigs(
  endpoint: Endpoint,
  agents: readonly string[] | undefined,
  store: ConfigStore,
  signal: AbortSignal,
  onProblem: ReportProblem,
): Promise<void> {
  const backoff = new Backoff();
  while (!signal.aborted) {
    try {
      await feedUntilRefused(endpoint, agents, store, signal, onProblem);
      if (!signal.aborted) throw new RapporteurError('the server ended the subscription');
    } catch (error) {
      onProblem(new RapporteurError(`configurations are not followed: ${messageOf(error)}`, error));
    }
    await backoff.pause(signal, REFUSED_PAUSE_MS);
  }
}

async function feedUntilRefused(
  endpoint: Endpoint,
  agents: readonly string[] | undefined,
  store: ConfigStore,
  signal: AbortSignal,
  onProblem: ReportProblem,
): Promise<void> {
  let isCurrent = false;
  const updates = follow(endpoint, {
    document: ResolvedConfigsUpdates,
    variables: () => ({ agentSlugs: agents ? [...agents] : null }),
    signal,
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
