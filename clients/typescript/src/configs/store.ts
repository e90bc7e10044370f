// Holds what the agents resolve to, and answers from it: memory, then cache, manifests and the caller's default.

import { messageOf, NoConfig, RapporteurError } from '../errors.js';
import type { ReportProblem } from '../problems.js';
import type { ConfigCache } from './cache.js';
import { completeConfig, freeze, type Config, type ConfigAnswer, type DefaultConfig } from './config.js';
import type { ManifestConfig, ManifestSource } from './manifests.js';

/** How often the cache is told that it is current. */
const CACHE_CONFIRMATION_MS = 30_000;

/** Called with an agent's slug and what it resolves to now; null: the server has no such agent any more. */
export type ChangeListener = (agentSlug: string, answer: ConfigAnswer | null) => void;

export class ConfigStore {
  readonly #name: string;
  readonly #cache: ConfigCache | undefined;
  readonly #manifestSource: ManifestSource | undefined;
  readonly #onProblem: ReportProblem;
  readonly #listeners = new Set<ChangeListener>();
  #configs: Map<string, Config>;
  #origin: 'memory' | 'disk' = 'disk';
  #confirmedAt = 0;
  #manifests: ReadonlyMap<string, ManifestConfig> | undefined;
  #saved: Promise<void> = Promise.resolve();
  #begin = () => {};
  readonly #begun = new Promise<void>((resolve) => (this.#begin = resolve));
  #savedAt = 0;
  #isSaveWaiting = false;

  /** `name` says of which server and of which agents the configurations are. */
  constructor(name: string, cache: ConfigCache | undefined, manifests: ManifestSource | undefined, onProblem: ReportProblem) {
    this.#name = name;
    this.#cache = cache;
    this.#manifestSource = manifests;
    this.#onProblem = onProblem;
    this.#configs = this.#load();
  }

  /** Returns the agent's configuration from the first place that knows it. Throws NoConfig. */
  answer(agentSlug: string, fallback?: DefaultConfig): ConfigAnswer {
    const held = this.#configs.get(agentSlug);
    if (held) return { config: held, origin: this.#origin, age: secondsSince(this.#confirmedAt) };
    this.#manifests ??= this.#readManifests();
    const manifest = this.#manifests.get(agentSlug);
    if (manifest) return { config: manifest.config, origin: 'manifests', age: secondsSince(manifest.modifiedAt) };
    if (fallback) return { config: completeConfig(agentSlug, null, fallback), origin: 'default', age: null };
    throw new NoConfig(`nobody knows the configuration of ${agentSlug}: wait for the server with waitUntilCurrent, or give a default`);
  }

  /** Whether the server has said what there is. */
  get hasBegun(): boolean {
    return this.#origin === 'memory';
  }

  /** Resolves when the server has said so for the first time. */
  get begun(): Promise<void> {
    return this.#begun;
  }

  /** Replaces everything by what the server has now. */
  replace(configs: readonly Config[]): void {
    this.#accept(new Map(configs.map((config) => [config.agentSlug, config])));
  }

  /** Takes in what has changed, and forgets agents that were deleted. */
  update(configs: readonly Config[], deletedSlugs: readonly string[]): void {
    const next = new Map(this.#configs);
    for (const config of configs) next.set(config.agentSlug, config);
    for (const agentSlug of deletedSlugs) next.delete(agentSlug);
    this.#accept(next);
  }

  /** Notes that the server still has what is held, from time to time also in the cache. */
  confirm(): void {
    this.#confirmedAt = Date.now();
    if (this.#confirmedAt - this.#savedAt > CACHE_CONFIRMATION_MS) void this.save();
  }

  /** Writes what is held to the cache. Resolves when that is done, or has failed. */
  save(): Promise<void> {
    if (this.#cache && this.#origin === 'memory' && !this.#isSaveWaiting) {
      this.#isSaveWaiting = true;
      this.#savedAt = Date.now();
      this.#saved = this.#saved.then(() => this.#saveNow(this.#cache));
    }
    return this.#saved;
  }

  /** Calls the listener at each change, until the function that is returned is called. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #accept(next: Map<string, Config>): void {
    const before = this.#configs;
    this.#configs = next;
    this.#origin = 'memory';
    this.#confirmedAt = Date.now();
    for (const config of next.values()) {
      freeze(config);
      const previous = before.get(config.agentSlug);
      const isSame = previous?.etag === config.etag && previous.variantSlug === config.variantSlug;
      if (!isSame) this.#tell(config.agentSlug, { config, origin: 'memory', age: 0 });
    }
    for (const agentSlug of before.keys()) if (!next.has(agentSlug)) this.#tell(agentSlug, null);
    this.#begin();
    void this.save();
  }

  #tell(agentSlug: string, answer: ConfigAnswer | null): void {
    for (const listener of this.#listeners) {
      try {
        listener(agentSlug, answer);
      } catch (error) {
        this.#onProblem(new RapporteurError(`a listener failed: ${messageOf(error)}`, error));
      }
    }
  }

  #load(): Map<string, Config> {
    try {
      const cached = this.#cache?.load(this.#name) ?? null;
      if (cached === null) return new Map();
      this.#confirmedAt = cached.confirmedAt;
      return new Map(cached.configs.map((config) => [config.agentSlug, freeze(config)]));
    } catch (error) {
      this.#onProblem(new RapporteurError(`the cache cannot be read: ${messageOf(error)}`, error));
      return new Map();
    }
  }

  async #saveNow(cache: ConfigCache | undefined): Promise<void> {
    this.#isSaveWaiting = false;
    try {
      await cache?.save(this.#name, { configs: [...this.#configs.values()], confirmedAt: this.#confirmedAt });
    } catch (error) {
      this.#onProblem(new RapporteurError(`the cache cannot be written: ${messageOf(error)}`, error));
    }
  }

  #readManifests(): ReadonlyMap<string, ManifestConfig> {
    try {
      return this.#manifestSource?.load(this.#onProblem) ?? new Map();
    } catch (error) {
      this.#onProblem(new RapporteurError(`the manifests cannot be read: ${messageOf(error)}`, error));
      return new Map();
    }
  }
}

const secondsSince = (time: number) => Math.max(0, (Date.now() - time) / 1000);
