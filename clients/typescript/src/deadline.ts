// Ends a request that takes too long, or that outlives its client.

import { ClientClosed } from './errors.js';
import type { Lifetime } from './lifetime.js';

export class Deadline {
  readonly #controller = new AbortController();
  readonly #leave: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(lifetime: Lifetime) {
    this.#leave = lifetime.onEnd(() => this.#controller.abort(new ClientClosed('the client was closed')));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins to wait, in the place of what was waited for before. */
  start(timeoutMs: number, reason: () => Error): void {
    this.stop();
    this.#timer = setTimeout(() => this.#controller.abort(reason()), timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Ends everything that has the signal. */
  dispose(): void {
    this.stop();
    this.#leave();
    this.#controller.abort();
  }

  /** Settles as the promise does, or rejects when the signal is aborted. */
  async within<T>(promise: Promise<T>): Promise<T> {
    let abandon = () => {};
    const aborted = new Promise<never>((_, reject) => {
      abandon = () => reject(this.signal.reason);
      if (this.signal.aborted) abandon();
      else this.signal.addEventListener('abort', abandon);
    });
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      this.signal.removeEventListener('abort', abandon);
    }
  }
}
