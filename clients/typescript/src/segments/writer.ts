// Writes the segments of one meeting: in batches, in their order, again and again while the server is away.

import { Backoff, sleep } from '../backoff.js';
import type { Endpoint } from '../endpoint.js';
import { ClientClosed, messageOf, NotWritten, RapporteurError, Refused, SegmentsRefused, Unavailable } from '../errors.js';
import { UpsertSegments, type SegmentInput } from '../gql/operations.js';
import { Lifetime } from '../lifetime.js';
import type { ReportProblem } from '../problems.js';
import { SegmentQueue } from './queue.js';

export interface SegmentWriterOptions {
  /** How many segments may wait. */
  readonly maxQueued?: number | undefined;
  /** Called with segments that the server refuses; left out: `flush` throws, and the problem is reported. */
  readonly onRefused?: ((refused: SegmentsRefused) => void) | undefined;
}

const BATCH_SEGMENTS = 200;
const MAX_QUEUED_SEGMENTS = 10_000;
const MAX_REFUSALS = 1_000;
const FLUSH_TIMEOUT_MS = 30_000;
/** The time in which segments that are written one after the other become one batch. */
const BATCH_DELAY_MS = 20;
const TOO_LARGE_CODES = ['PAYLOAD_TOO_LARGE', 'QUERY_TOO_COMPLEX'];

/**
 * Takes segments at once, and writes them in the background. Each batch is tried until the server has answered; writing it twice changes
 * nothing, as every segment has an id. Of a batch that the server refuses, the segments that it did not name are written.
 */
export class SegmentWriter {
  readonly #endpoint: Endpoint;
  readonly #meetingId: string;
  readonly #queue: SegmentQueue;
  readonly #onRefused: ((refused: SegmentsRefused) => void) | undefined;
  readonly #onProblem: ReportProblem;
  readonly #onClosed: () => void;
  readonly #lifetime = new Lifetime();
  #refusals: SegmentsRefused[] = [];
  #waiters = new Set<() => void>();
  #batchSegments = BATCH_SEGMENTS;
  #isClosed = false;
  #running: Promise<void> | undefined;

  constructor(
    endpoint: Endpoint,
    meetingId: string,
    options: SegmentWriterOptions,
    onProblem: ReportProblem,
    onClosed: () => void,
  ) {
    this.#endpoint = endpoint;
    this.#meetingId = meetingId;
    this.#queue = new SegmentQueue(options.maxQueued ?? MAX_QUEUED_SEGMENTS);
    this.#onRefused = options.onRefused;
    this.#onProblem = onProblem;
    this.#onClosed = onClosed;
  }

  /**
   * Takes a segment, and returns it with the id by which it can be revised; it never waits. A segment that waits and is written again is
   * sent once, at its newest. Throws QueueFull if too many wait: nothing is dropped to make room. Throws ClientClosed after `close`.
   */
  write(segment: SegmentInput): SegmentInput {
    if (this.#isClosed) throw new ClientClosed('the writer is closed');
    const isNamed = (segment.externalId ?? segment.segmentId ?? null) !== null;
    const named = isNamed ? { ...segment } : { ...segment, externalId: newId() };
    this.#queue.put(named);
    this.#running ??= this.#run();
    return named;
  }

  /**
   * Waits until all segments that were written so far are at the server. Throws NotWritten if that takes too long; they are still tried.
   * Throws SegmentsRefused if the server has refused some since the last call.
   */
  async flush(timeoutMs = FLUSH_TIMEOUT_MS): Promise<void> {
    const { puts } = this.#queue;
    const deadline = performance.now() + timeoutMs;
    while (!this.#queue.isSettled(puts)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || this.#lifetime.isOver) throw new NotWritten(this.#queue.unsettled());
      await this.#settled(leftMs);
    }
    const refusals = this.#refusals.splice(0);
    const [first] = refusals;
    if (first) throw new SegmentsRefused(refusals.flatMap(({ segments }) => segments), first.reason);
  }

  /** Takes no more, does what `flush` does, and ends: what is not written then will not be. Throws as `flush` does. */
  async close(timeoutMs = FLUSH_TIMEOUT_MS): Promise<void> {
    this.#isClosed = true;
    try {
      await this.flush(timeoutMs);
    } finally {
      this.#lifetime.end();
      this.#wakeWaiters();
      await this.#running;
      this.#onClosed();
    }
  }

  /** Waits until a batch is settled, or the time is over. */
  #settled(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#waiters.add(wake);
    });
  }

  #wakeWaiters(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /** Writes all that waits. It never rejects. */
  async #run(): Promise<void> {
    await sleep(BATCH_DELAY_MS, this.#lifetime);
    for (;;) {
      const batch = this.#queue.take(this.#batchSegments);
      if (batch.length === 0) break;
      await this.#write(batch);
      if (this.#lifetime.isOver) break; // the batch is unsettled
      this.#queue.settle();
      this.#wakeWaiters();
    }
    this.#running = undefined;
  }

  /** Writes a batch, however long that takes; segments that the server refuses are reported. */
  async #write(batch: readonly SegmentInput[]): Promise<void> {
    const backoff = new Backoff();
    while (batch.length > 0 && !this.#lifetime.isOver) {
      try {
        return await this.#writeOnce(batch);
      } catch (error) {
        if (this.#lifetime.isOver) return;
        if (error instanceof Refused) {
          batch = await this.#handleRefusal(error, batch);
        } else {
          this.#onProblem(error as Error);
          await backoff.pause(this.#lifetime, error instanceof Unavailable ? error.retryAfterMs : 0);
        }
      }
    }
  }

  async #writeOnce(batch: readonly SegmentInput[]): Promise<void> {
    const variables = { meetingId: this.#meetingId, segments: [...batch] };
    const { upsertSegments: result } = await this.#endpoint.request(UpsertSegments, variables, this.#lifetime);
    if (result.__typename === 'UpsertedSegments') return;
    const paths = result.__typename === 'InvalidInput' ? result.fields.map(({ path }) => path) : [];
    throw new Refused(result.message, result.code, paths);
  }

  /** Reports what cannot be written, and returns what is left to write of the batch. */
  async #handleRefusal(refused: Refused, batch: readonly SegmentInput[]): Promise<readonly SegmentInput[]> {
    const named = new Set(refused.paths.map(indexInPath).filter((index) => index !== undefined));
    const isTooLarge = TOO_LARGE_CODES.includes(refused.code);
    const isOfUnknownSegment = refused.code === 'BAD_USER_INPUT' && named.size === 0;
    if ((isTooLarge || isOfUnknownSegment) && batch.length > 1) {
      const middle = Math.floor(batch.length / 2);
      if (isTooLarge) this.#batchSegments = middle;
      await this.#write(batch.slice(0, middle));
      return batch.slice(middle);
    }
    if (named.size === 0) {
      this.#report(new SegmentsRefused(batch, refused));
      return [];
    }
    this.#report(new SegmentsRefused(batch.filter((_, index) => named.has(index)), refused));
    return batch.filter((_, index) => !named.has(index));
  }

  #report(refused: SegmentsRefused): void {
    if (this.#onRefused === undefined) {
      this.#onProblem(refused);
      this.#refusals.push(refused);
      this.#refusals.splice(0, this.#refusals.length - MAX_REFUSALS);
      return;
    }
    try {
      this.#onRefused(refused);
    } catch (error) {
      this.#onProblem(new RapporteurError(`onRefused failed: ${messageOf(error)}`, error));
    }
  }
}

/** Returns the index in a path such as `segments.3.text`. */
function indexInPath(path: string): number | undefined {
  const match = /\bsegments\.(\d+)\b/.exec(path);
  return match ? Number(match[1]) : undefined;
}

/** Returns a random id. (`crypto.randomUUID` is missing in pages without HTTPS.) */
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
