// Says in words what went wrong: an error that is data of a mutation, or a request that failed.

import type { CombinedError } from '@urql/core';

/** An error that the caller can handle, as mutations give it. */
export interface ErrorData {
  __typename: 'NotFound' | 'InvalidInput' | 'Conflict';
  message: string;
  fields?: readonly { path: string; message: string }[];
  currentVersion?: number | null;
}

/** A mutation that was not done, with the reason as data. */
export class Refused extends Error {
  constructor(readonly data: ErrorData) {
    super(describeErrorData(data));
  }

  get isConflict(): boolean {
    return this.data.__typename === 'Conflict';
  }
}

function describeErrorData({ message, fields }: ErrorData): string {
  if (!fields?.length) return message;
  return fields.map((field) => `${field.path.split('.').at(-1)}: ${field.message}`).join('; ');
}

const codes = (error: CombinedError) => error.graphQLErrors.map(({ extensions }) => extensions['code']);

export function isUnauthenticated(error: CombinedError): boolean {
  const closed = error.networkError as (Error & { code?: number }) | undefined;
  return statusOf(error) === 401 || closed?.code === 4401 || codes(error).includes('UNAUTHENTICATED');
}

/** Tells whether the same request may work later. */
export function isTransient(error: CombinedError): boolean {
  return error.networkError !== undefined || codes(error).every((code) => code === 'SERVICE_UNAVAILABLE');
}

export function describeFailure(error: unknown): string {
  const combined = error as CombinedError;
  if (combined.networkError && statusOf(combined) === undefined) return 'The server does not answer. Is it running, and is the network there?';
  if (combined.graphQLErrors?.length) return combined.graphQLErrors.map(({ message }) => message).join('; ');
  return error instanceof Error ? error.message : String(error);
}

const statusOf = (error: CombinedError) => (error.response as Response | undefined)?.status;
