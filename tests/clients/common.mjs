// What every client here does: ask, write, then follow a meeting to its end through every loss of the connection.
//
// It says what it gets as lines of JSON, which test_clients.py reads. A client gives two functions:
//   request(document, variables)    the data of a query or mutation
//   subscribe(document, variables)  an async iterable of data; it throws if the connection is lost

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [, , serverUrl, meetingId, segmentId] = process.argv;
export const url = `${serverUrl}/graphql`;
export const webSocketUrl = url.replace(/^http/, 'ws');

const operation = (name) => readFileSync(new URL(`../../graphql/operations/${name}.graphql`, import.meta.url), 'utf8');
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** `goneMeans(error)`: for clients that cannot tell a completed stream from a lost one, whether the meeting is gone. */
export async function run({ request, subscribe, goneMeans = () => false }) {
  const { meeting } = await request(operation('Meeting'), { id: meetingId });
  say({ title: meeting.title });
  const segment = { segmentId: Number(segmentId), text: 'Written', speaker: 'Me', startTime: 0, endTime: 1 };
  const { upsertSegments } = await request(operation('UpsertSegments'), { meetingId, segments: [segment] });
  say({ created: upsertSegments.created });

  let after = null;
  for (;;) {
    try {
      for await (const { segmentUpdates } of subscribe(operation('SegmentUpdates'), { meetingId, after })) {
        after = segmentUpdates.cursor;
        say({ updates: segmentUpdates });
      }
      say({ complete: true });
      break;
    } catch (error) {
      if (goneMeans(error)) {
        say({ complete: true });
        break;
      }
      say({ lost: String(error?.message ?? JSON.stringify(error)) });
      await sleep(100);
    }
  }
}

/** The data of a result; throws its errors. */
export function dataOf({ data, errors }) {
  if (errors) throw errors;
  return data;
}

/** The only result of an async iterable. */
export async function first(results) {
  for await (const result of results) return result;
  throw new Error('no result');
}
