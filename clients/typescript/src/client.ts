// The client of a server.

import { sleep } from './backoff.js';
import type { ConfigCache } from './configs/cache.js';
import type { ConfigAnswer, DefaultConfig } from './configs/config.js';
import { feedConfigs } from './configs/feed.js';
import type { ManifestSource } from './configs/manifests.js';
import { ConfigStore, type ChangeListener } from './configs/store.js';
import type { Document } from './document.js';
import { Endpoint, type EndpointOptions } from './endpoint.js';
import { ClientClosed } from './errors.js';
import { Lifetime } from './lifetime.js';
import { followMeeting, type FollowOptions, type MeetingUpdate } from './meeting_updates.js';
import { quietly, warn, type ReportProblem } from './problems.js';
import { SegmentWriter, type SegmentWriterOptions } from './segments/writer.js';

export interface ClientOptions extends EndpointOptions {
  /** The slugs of the agents to follow, at most 1,000; left out: all of the workspace. */
  readonly agents?: readonly string[] | undefined;
  /** Keeps configurations for a start while the server is away: `diskCache` or `localStorageCache`. */
  readonly cache?: ConfigCache | undefined;
  /** Agents as files, for a start without a cache: `manifestFolder`. */
  readonly manifests?: ManifestSource | undefined;
  /** Configurations by slug, where nobody else knows the agent. */
  readonly defaults?: Readonly<Record<string, DefaultConfig>> | undefined;
  /** Called with what goes wrong in the background, such as a lost connection; left out: it is written to the console. */
  readonly onProblem?: ReportProblem | undefined;
}

const CURRENT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;

export class Client {
  readonly #endpoint: Endpoint;
  readonly #agents: readonly string[] | undefined;
  readonly #defaults: Readonly<Record<string, DefaultConfig>>;
  readonly #store: ConfigStore;
  readonly #onProblem: ReportProblem;
  readonly #writers = new Set<SegmentWriter>();
  readonly #lifetime = new Lifetime();
  #feeding: Promise<void> | undefined;

  constructor(options: ClientOptions) {
    this.#endpoint = new Endpoint(options);
    this.#agents = options.agents;
    this.#defaults = options.defaults ?? {};
    this.#onProblem = quietly(options.onProblem ?? warn);
    const followed = options.agents ? [...options.agents].sort().join() : '*';
    this.#store = new ConfigStore(`${this.#endpoint.url} ${followed}`, options.cache, options.manifests, this.#onProblem);
  }

  /**
   * Returns what the agent must run with now, from memory. While the server has not been heard it comes from the cache, the manifests,
   * `defaultConfig` or the client's `defaults`, in this order. Throws NoConfig if none of them has it.
   */
  config(agentSlug: string, defaultConfig?: DefaultConfig): ConfigAnswer {
    this.#followConfigs();
    const byDefault = Object.hasOwn(this.#defaults, agentSlug) ? this.#defaults[agentSlug] : undefined;
    return this.#store.answer(agentSlug, defaultConfig ?? byDefault);
  }

  /** Waits until the server has said what the agents resolve to. Resolves to whether it has, in that time; it never rejects. */
  async waitUntilCurrent(timeoutMs = CURRENT_TIMEOUT_MS): Promise<boolean> {
    this.#followConfigs();
    const waiting = new Lifetime(this.#lifetime);
    void this.#store.begun.then(() => waiting.end());
    await sleep(timeoutMs, waiting);
    waiting.end();
    return this.#store.hasBegun;
  }

  /** Calls the listener when an agent resolves to something else, until the function that is returned is called. */
  onChange(listener: ChangeListener): () => void {
    this.#followConfigs();
    return this.#store.listen(listener);
  }

  /**
   * Follows a meeting through every loss of the connection, until it is deleted or the client is closed. Throws Refused if the server does
   * not let it, such as for a meeting that is not there.
   */
  follow(meetingId: string, options: FollowOptions = {}): AsyncIterableIterator<MeetingUpdate> {
    return followMeeting(this.#endpoint, meetingId, options, this.#lifetime, this.#onProblem);
  }

  /** Returns a writer of a meeting's segments. Throws ClientClosed. */
  segments(meetingId: string, options: SegmentWriterOptions = {}): SegmentWriter {
    this.#ensureOpen();
    const forget = () => this.#writers.delete(writer);
    const writer = new SegmentWriter(this.#endpoint, meetingId, options, this.#onProblem, forget);
    this.#writers.add(writer);
    return writer;
  }

  /** Returns the data of any query or mutation, such as those of `rapporteur-client/operations`. Throws Unavailable or Refused. */
  async request<Data, Variables>(document: Document<Data, Variables>, variables: Variables): Promise<Data> {
    this.#ensureOpen();
    return this.#endpoint.request(document, variables, this.#lifetime);
  }

  /** The consistency tokens of what this client has written; null if there are none. */
  get consistency(): string | null {
    return `${this.#endpoint.tokens}` || null;
  }

  /**
   * Has this client read, from now on, no less than another one that has these tokens. `primary` in place of tokens has the primary
   * answer until this client has written. Throws RangeError for what is no token.
   */
  readAfter(consistency: string): void {
    this.#endpoint.tokens.add(consistency);
  }

  /** Ends everything, after the segments that wait have been written, if that is possible in time. `config` still answers. */
  async close(timeoutMs = CLOSE_TIMEOUT_MS): Promise<void> {
    const closed = await Promise.allSettled([...this.#writers].map((writer) => writer.close(timeoutMs)));
    for (const result of closed) if (result.status === 'rejected') this.#onProblem(result.reason as Error);
    this.#lifetime.end();
    await this.#feeding;
    await this.#store.save();
  }

  /** Begins to follow the agents, when the first question about them comes: a key for segments only may not. */
  #followConfigs(): void {
    if (this.#feeding !== undefined || this.#lifetime.isOver) return;
    this.#feeding = feedConfigs(this.#endpoint, this.#agents, this.#store, this.#lifetime, this.#onProblem);
  }

  #ensureOpen(): void {
    if (this.#lifetime.isOver) throw new ClientClosed('the client is closed');
  }
}
