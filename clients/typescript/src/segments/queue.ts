// The segments that wait to be written: in their order, at most so many, each at its newest.

import { QueueFull } from '../errors.js';
import type { SegmentInput } from '../gql/operations.js';

interface Waiting {
  readonly number: number;
  readonly segment: SegmentInput;
}

export class SegmentQueue {
  readonly #maxSegments: number;
  readonly #waiting = new Map<string, Waiting>();
  #inFlight: readonly Waiting[] = [];
  #puts = 0;

  constructor(maxSegments: number) {
    this.#maxSegments = maxSegments;
  }

  /** How often something was put here. */
  get puts(): number {
    return this.#puts;
  }

  /** Adds a segment, or replaces it where it waits; a hypothesis replaces no final text. Throws QueueFull. */
  put(segment: SegmentInput): void {
    const key = keyOf(segment);
    const older = this.#waiting.get(key);
    if (older === undefined && this.#waiting.size + this.#inFlight.length >= this.#maxSegments) {
      throw new QueueFull(`${this.#maxSegments} segments wait to be written: the server is away, or slow`);
    }
    this.#puts += 1;
    if (older !== undefined && isFinal(older.segment) && !isFinal(segment)) return;
    this.#waiting.set(key, { number: older?.number ?? this.#puts, segment }); // it keeps its place
  }

  /** Returns the next batch, which stays in the queue until it is settled. */
  take(maxSegments: number): readonly SegmentInput[] {
    const taken = [...this.#waiting].slice(0, maxSegments);
    for (const [key] of taken) this.#waiting.delete(key);
    this.#inFlight = taken.map(([, waiting]) => waiting);
    return this.#inFlight.map(({ segment }) => segment);
  }

  /** Lets go of the batch, which was written or refused. */
  settle(): void {
    this.#inFlight = [];
  }

  /** Tells whether all that was put here by then has been settled. */
  isSettled(puts: number): boolean {
    const [oldest = this.#waiting.values().next().value] = this.#inFlight;
    return oldest === undefined || oldest.number > puts;
  }

  /** Returns all segments that are here, in their order. */
  unsettled(): SegmentInput[] {
    return [...this.#inFlight, ...this.#waiting.values()].map(({ segment }) => segment);
  }
}

const isFinal = ({ isFinal }: SegmentInput) => isFinal !== false;

const keyOf = ({ externalId, segmentId }: SegmentInput) => JSON.stringify(externalId ?? segmentId);
