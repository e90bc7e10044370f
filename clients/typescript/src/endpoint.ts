// Sends operations to the server: queries and mutations, and subscriptions as Server-Sent Events.

import { answerOf, asRapporteurError, dataOf, type Answer } from './answers.js';
import { CONSISTENCY_HEADER, ConsistencyTokens } from './consistency.js';
import { Deadline } from './deadline.js';
import type { Document } from './document.js';
import { messageOf, Refused, Unavailable } from './errors.js';
import { EventParser } from './event_parser.js';
import { KeySource, type Key } from './key.js';
import type { Lifetime } from './lifetime.js';

export interface EndpointOptions {
  /** The server's address, such as `https://rapporteur.example.com`. It may leave out the path `/graphql`. */
  readonly url: string;
  readonly key?: Key | undefined;
  /** The name that the history shows beside the key's. */
  readonly actor?: string | undefined;
  /** The time for an answer. The server gives an operation 30 seconds. */
  readonly requestTimeoutMs?: number | undefined;
  /** The silence after which a connection counts as lost. It must be longer than the server's ping interval, which is 30 seconds. */
  readonly silenceTimeoutMs?: number | undefined;
}

const REQUEST_TIMEOUT_MS = 40_000;
const SILENCE_TIMEOUT_MS = 75_000;
const JSON_TYPES = 'application/graphql-response+json, application/json';
const EVENT_STREAM_TYPE = 'text/event-stream';
const UNAUTHENTICATED = 401;

export class Endpoint {
  readonly url: string;
  readonly tokens = new ConsistencyTokens();
  readonly #key: KeySource;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #requestTimeoutMs: number;
  readonly #silenceTimeoutMs: number;

  constructor({ url, key, actor, requestTimeoutMs, silenceTimeoutMs }: EndpointOptions) {
    this.url = endpointUrl(url);
    this.#key = new KeySource(key);
    this.#headers = { 'Content-Type': 'application/json', ...(actor === undefined ? {} : { 'Rapporteur-Actor': actor }) };
    this.#requestTimeoutMs = requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.#silenceTimeoutMs = silenceTimeoutMs ?? SILENCE_TIMEOUT_MS;
  }

  /** Returns the data of a query or mutation. Throws Unavailable or Refused; it does not try again. */
  async request<Data, Variables>(document: Document<Data, Variables>, variables: Variables, lifetime: Lifetime): Promise<Data> {
    const deadline = new Deadline(lifetime);
    try {
      deadline.start(this.#requestTimeoutMs, () => new Unavailable(`${this.url} did not answer in time`));
      const response = await this.#post(JSON_TYPES, document, variables, deadline);
      return dataOf<Data>(await answerOf(response));
    } catch (error) {
      throw asRapporteurError(error, this.url);
    } finally {
      deadline.dispose();
    }
  }

  /**
   * Yields the data of a subscription, until the server completes it. Throws Refused, or Unavailable if the connection is lost. While the
   * caller is busy nothing is read, so that a slow caller takes no memory. `onAlive` is called at each sign of life.
   */
  async *subscribe<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    lifetime: Lifetime,
    onAlive: () => void,
  ): AsyncGenerator<Data, void, undefined> {
    const deadline = new Deadline(lifetime);
    try {
      deadline.start(this.#requestTimeoutMs, () => new Unavailable(`${this.url} did not answer in time`));
      const response = await this.#post(EVENT_STREAM_TYPE, document, variables, deadline);
      if (!response.headers.get('Content-Type')?.startsWith(EVENT_STREAM_TYPE) || response.body === null) {
        dataOf(await answerOf(response)); // it says why
        throw new Unavailable(`${this.url} gives no stream of events`);
      }
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      const parser = new EventParser();
      for (;;) {
        deadline.start(this.#silenceTimeoutMs, () => new Unavailable(`${this.url} gives no sign of life`));
        const { value, done } = await reader.read();
        deadline.stop();
        if (done) throw new Unavailable(`${this.url} has ended the connection`);
        onAlive();
        for (const { event, data } of parser.push(decoder.decode(value, { stream: true }))) {
          if (event === 'complete') return;
          if (event === 'next') yield dataOf<Data>(JSON.parse(data) as Answer);
        }
      }
    } catch (error) {
      throw asRapporteurError(error, this.url);
    } finally {
      deadline.dispose();
    }
  }

  /** Sends an operation; a second time with another key, if the first one is refused. */
  async #post(accept: string, query: string, variables: unknown, deadline: Deadline): Promise<Response> {
    const body = encoded({ query, variables });
    const send = async (key: string | null) => {
      const given = this.tokens.places;
      const headers = {
        ...this.#headers,
        Accept: accept,
        ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
        ...(given.size === 0 ? {} : { [CONSISTENCY_HEADER]: `${this.tokens}` }),
      };
      const response = await fetch(this.url, { method: 'POST', headers, body, signal: deadline.signal });
      const token = response.headers.get(CONSISTENCY_HEADER);
      if (token !== null) this.tokens.renew(given, token);
      return response;
    };
    const key = await deadline.within(this.#key.current());
    const response = await send(key);
    if (response.status !== UNAUTHENTICATED) return response;
    this.#key.reject(key);
    const renewed = await deadline.within(this.#key.current());
    if (renewed === key) return response;
    await response.body?.cancel();
    return send(renewed);
  }
}

/** Returns a value as JSON. Throws Refused if that is not possible. */
function encoded(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new Refused(`it cannot be sent as JSON: ${messageOf(error)}`, 'BAD_USER_INPUT');
  }
}

function endpointUrl(url: string): string {
  const parsed = new URL(url, globalThis.location?.href);
  if (parsed.pathname === '/') parsed.pathname = '/graphql';
  return parsed.href;
}
