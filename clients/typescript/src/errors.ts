// The errors of this library. All are `RapporteurError`.

import type { SegmentInput } from './gql/operations.js';

export class RapporteurError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = new.target.name;
  }
}

/** Nobody knows the agent's configuration: not the server, the disk, the manifests, nor the caller. */
export class NoConfig extends RapporteurError {}

/** The client was closed. */
export class ClientClosed extends RapporteurError {}

/** The server cannot be reached, or cannot answer now. */
export class Unavailable extends RapporteurError {
  constructor(
    message: string,
    /** How long the server asks to wait, in milliseconds; 0: it does not say. */
    readonly retryAfterMs = 0,
    cause?: unknown,
  ) {
    super(message, cause);
  }
}

/** The server does not know the key, or no longer. */
export class Unauthenticated extends Unavailable {}

/** The server refused a request, and would refuse it again. */
export class Refused extends RapporteurError {
  constructor(
    message: string,
    /** The `code` of the server's answer, such as `FORBIDDEN`. */
    readonly code: string,
    /** The values that the server does not accept, such as `segments.3.text`. */
    readonly paths: readonly string[] = [],
  ) {
    super(message);
  }
}

/** The segment was not taken, as too many others wait to be written. Write it again later, or let it go. */
export class QueueFull extends RapporteurError {}

/** The server refused segments, which are lost unless they are written again. */
export class SegmentsRefused extends RapporteurError {
  constructor(
    readonly segments: readonly SegmentInput[],
    readonly reason: Refused,
  ) {
    super(`${segments.length === 1 ? 'a segment was' : `${segments.length} segments were`} refused: ${reason.message}`, reason);
  }
}

/** Segments could not be written in time, because the server is away. `segments` are those that may be missing. */
export class NotWritten extends RapporteurError {
  constructor(readonly segments: readonly SegmentInput[]) {
    super(`${segments.length} segments could not be written in time`);
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
