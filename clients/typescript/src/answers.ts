// Reads the server's answers: data, or what went wrong.

import { messageOf, RapporteurError, Refused, Unauthenticated, Unavailable } from './errors.js';

const PASSING_CODES = ['SERVICE_UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL'];
const PASSING_STATUSES = [408, 429];
const PAYLOAD_TOO_LARGE = 413;
const UNAUTHENTICATED = 401;

/** An answer of GraphQL. */
export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly AnswerError[];
}

interface AnswerError {
  readonly message: string;
  readonly extensions?: { readonly code?: string; readonly retryAfter?: number; readonly fields?: readonly { readonly path: string }[] };
}

/** Returns the data of an answer. Throws its errors as Unavailable or Refused. */
export function dataOf<Data>({ data, errors = [] }: Answer): Data {
  const [first] = errors;
  if (first === undefined && data) return data as Data;
  const message = errors.map((error) => error.message).join('; ') || 'the answer has no data';
  const { code = '', retryAfter = 0, fields = [] } = first?.extensions ?? {};
  if (code === 'UNAUTHENTICATED') throw new Unauthenticated(message);
  if (PASSING_CODES.includes(code)) throw new Unavailable(message, retryAfter * 1000);
  throw new Refused(message, code, fields.map(({ path }) => path));
}

/** Returns the answer in a response. Throws Unavailable or Refused if there is none. */
export async function answerOf(response: Response): Promise<Answer> {
  const { status } = response;
  const text = await response.text();
  const answer = parsed(text);
  if (answer !== null) return answer;
  if (status === UNAUTHENTICATED) throw new Unauthenticated('the server does not know the key, or no longer');
  const retryAfterMs = 1000 * (Number(response.headers.get('Retry-After')) || 0);
  const message = `the server, or a proxy before it, answers HTTP ${status}`;
  if (status >= 500 || PASSING_STATUSES.includes(status)) throw new Unavailable(message, retryAfterMs);
  throw new Refused(message, status === PAYLOAD_TOO_LARGE ? 'PAYLOAD_TOO_LARGE' : `HTTP_${status}`);
}

/** Returns a text as an answer; null if it is anything else, such as the page of a proxy. */
function parsed(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text);
    const isAnswer = typeof value === 'object' && value !== null && ('data' in value || 'errors' in value);
    return isAnswer ? (value as Answer) : null;
  } catch {
    return null;
  }
}

/** Returns what was thrown while asking as an error of this library: anything else means that there was no answer. */
export function asRapporteurError(error: unknown, url: string): RapporteurError {
  if (error instanceof RapporteurError) return error;
  const { cause } = error as { cause?: { message?: string; code?: string } };
  const reason = [messageOf(error), cause?.message || cause?.code].filter(Boolean).join(': ');
  return new Unavailable(`${url} does not answer: ${reason}`, 0, error);
}
