// The lifetime of a client, a writer or a wait: when it is over, everything that belongs to it ends.
//
// (An AbortSignal would do, but for the warning that Node.js writes when more than ten things listen to one.)

export class Lifetime {
  readonly #listeners = new Set<() => void>();
  #isOver = false;
  #leaveOuter = () => {};

  /** It is over with the outer one at the latest. */
  constructor(outer?: Lifetime) {
    if (outer) this.#leaveOuter = outer.onEnd(() => this.end());
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Calls the listener at the end, which may have been before, unless the function that is returned is called. */
  onEnd(listener: () => void): () => void {
    if (this.#isOver) listener();
    else this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#leaveOuter();
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }
}
