// Waits between attempts: longer each time, and for a random time, so that many clients do not come back at once.

const FIRST_PAUSE_MS = 200;
export const MAX_PAUSE_MS = 5_000;
const MAX_ASKED_PAUSE_MS = 60_000;

export class Backoff {
  #attempts = 0;

  reset(): void {
    this.#attempts = 0;
  }

  /** Waits for a random part of a time that doubles, at least for as long as the server asks, or until the signal is aborted. */
  async pause(signal: AbortSignal, askedMs = 0): Promise<void> {
    const bound = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#attempts++, 10));
    await sleep(Math.min(askedMs, MAX_ASKED_PAUSE_MS) + bound * Math.random(), signal);
  }
}

/** Waits for a time, or until the signal is aborted. It never rejects. */
export function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    signal.addEventListener('abort', end);
  });
}
