// Manifests are agents as files (docs/agents-as-files.md); a source of them gives what each resolves to.

import { completeConfig, type Config, type ConfigValues, type DefaultConfig } from './config.js';

export interface ManifestConfig {
  readonly config: Config;
  /** When the manifest was last changed, in milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** A source of manifests. It reports the problems of single manifests, and leaves these out. It may throw. */
export interface ManifestSource {
  load(onProblem: (problem: Error) => void): ReadonlyMap<string, ManifestConfig>;
}

interface Manifest {
  readonly active?: string | null;
  readonly config?: Partial<ConfigValues> | null;
  readonly variants?: Readonly<Record<string, { readonly overrides?: Partial<ConfigValues> | null } | null>> | null;
}

/** Returns what the agent of a manifest resolves to: the active variant's values over the base's. Throws if it is no manifest. */
export function resolveManifest(agentSlug: string, manifest: unknown): Config {
  if (typeof manifest !== 'object' || manifest === null) throw new Error('it is no mapping');
  const { active = null, config, variants } = manifest as Manifest;
  const base = present(config ?? {});
  if (typeof base.modelProvider !== 'string' || typeof base.modelName !== 'string') {
    throw new Error('config has no modelProvider and modelName');
  }
  if (active !== null && !Object.hasOwn(variants ?? {}, active)) throw new Error(`active is ${active}, which is no variant`);
  const { parameters, ...overrides } = present(active === null ? {} : (variants?.[active]?.overrides ?? {}));
  return completeConfig(agentSlug, active, { ...(base as DefaultConfig), ...overrides }, parameters);
}

/** Returns the values without those that are null, which mean the same as those that are left out. */
const present = (values: Partial<ConfigValues>): Partial<ConfigValues> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
