// An abort signal that follows another one, and ends what waits for too long.

export class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    if (outer.aborted) this.#end();
    else outer.addEventListener('abort', this.#end);
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
    this.#outer.removeEventListener('abort', this.#end);
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

  readonly #end = () => this.#controller.abort(this.#outer.reason);
}
