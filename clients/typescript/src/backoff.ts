// Waits between attempts: longer each time, and for a random time, so that many clients do not come back at once.

import type { Lifetime } from './lifetime.js';

const FIRST_PAUSE_MS = 200;
export const MAX_PAUSE_MS = 5_000;
const MAX_ASKED_PAUSE_MS = 60_000;

export class Backoff {
  #attempts = 0;

  reset(): void {
    this.#attempts = 0;
  }

  /** Waits for a random part of a time that doubles, at least for as long as the server asks, or until the lifetime is over. */
  async pause(lifetime: Lifetime, askedMs = 0): Promise<void> {
    const bound = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#attempts++, 10));
    await sleep(Math.min(askedMs, MAX_ASKED_PAUSE_MS) + bound * Math.random(), lifetime);
  }
}

/** Waits for a time, or until the lifetime is over. It never rejects. */
export function sleep(durationMs: number, lifetime: Lifetime): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      leave();
      resolve();
    };
    const timer = setTimeout(() => wake(), durationMs);
    let leave = () => {};
    leave = lifetime.onEnd(wake);
  });
}
