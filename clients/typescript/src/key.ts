// Keeps the key that requests are sent with, and asks for another when the server rejects it.

/** A key, or a function that is asked for one: at first, and whenever the server rejects the one before. */
export type Key = string | (() => string | Promise<string>);

export class KeySource {
  readonly #key: Key | undefined;
  #asked: Promise<string> | undefined;
  #current: string | undefined;

  constructor(key: Key | undefined) {
    this.#key = key;
  }

  /** Returns the key; null if there is none. The function is not asked twice at once; what it throws is thrown. */
  async current(): Promise<string | null> {
    if (this.#key === undefined) return null;
    if (typeof this.#key === 'string') return this.#key;
    const ask = this.#key;
    this.#asked ??= (async () => ask())();
    try {
      this.#current = await this.#asked;
    } catch (error) {
      this.#asked = undefined;
      throw error;
    }
    return this.#current;
  }

  /** Forgets a key that the server does not know, unless there is another one already. */
  reject(key: string | null): void {
    if (this.#current === key) this.#asked = undefined;
  }
}
