// A cache keeps the configurations that the server gave last, for a program that is started while the server is away.

import type { Config } from './config.js';

export interface CachedConfigs {
  readonly configs: readonly Config[];
  /** When the server was last known to have these, in milliseconds since 1970. */
  readonly confirmedAt: number;
}

/** Keeps configurations by a name, which says of which server and of which agents they are. Either method may throw. */
export interface ConfigCache {
  load(name: string): CachedConfigs | null;
  save(name: string, cached: CachedConfigs): void | Promise<void>;
}

/** Returns the configurations of a text that `JSON.stringify` made of them. Throws if it is anything else. */
export function parseCached(text: string): CachedConfigs {
  const { configs, confirmedAt } = JSON.parse(text) as Partial<CachedConfigs>;
  const isWhole = Number.isFinite(confirmedAt) && Array.isArray(configs) && configs.every(isConfig);
  if (!isWhole) throw new Error('it holds no configurations');
  return { configs, confirmedAt } as CachedConfigs;
}

const isConfig = (value: Partial<Config> | null) =>
  typeof value?.agentSlug === 'string' && typeof value.modelName === 'string' && typeof value.modelParameters === 'object';

/** Keeps configurations in the browser's `localStorage`, which may be full or switched off. */
export function localStorageCache(prefix = 'rapporteur:'): ConfigCache {
  return {
    load(name) {
      const text = localStorage.getItem(prefix + name);
      return text === null ? null : parseCached(text);
    },
    save: (name, cached) => localStorage.setItem(prefix + name, JSON.stringify(cached)),
  };
}
