// Queries, changes and follows with the types that graphql-codegen made, prints what it gets, and goes on until Ctrl-C.
//
//   node typed.js http://127.0.0.1:8000/graphql

import { print } from 'graphql';
import { createClient } from 'graphql-ws';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import WebSocket from 'ws'; // a browser has its own
import {
  ResolvedConfigDocument,
  SegmentUpdatesDocument,
  UpdateAgentDocument,
  type SegmentUpdatesSubscription,
  type UpdateAgentMutation,
} from './gql/graphql';

const AGENT = 'meeting-scribe';
const MEETING = '01900000-0000-7000-8000-0000000000c1';
const UNKNOWN = '01900000-0000-7000-8000-00000000ffff';
const url = process.argv[2] ?? 'http://127.0.0.1:8000/graphql';

async function run<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' }, // and Authorization, where the server asks for a key
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Data | null; errors?: { message: string }[] };
  if (!data || errors) throw new Error(errors?.map(({ message }) => message).join('; ') ?? `HTTP ${response.status}`);
  return data;
}

/** Every member of the union has a case: if the schema gets another one, this no longer compiles. */
function outcome(result: UpdateAgentMutation['updateAgent']): string {
  switch (result.__typename) {
    case 'Agent':
      return `version ${result.version}: temperature ${result.config.temperature}`;
    case 'NotFound':
      return `${result.code}: ${result.id}`;
    case 'InvalidInput':
      return `${result.code}: ${result.fields.map(({ path, message }) => `${path} ${message}`).join('; ')}`;
    case 'Conflict':
      return `${result.code}: the current version is ${result.currentVersion}`;
    default:
      return result satisfies never;
  }
}

const { agentBySlug: agent } = await run(ResolvedConfigDocument, { slug: AGENT });
if (!agent) throw new Error(`there is no agent ${AGENT}`);
const { agentId, modelName, temperature } = agent.resolvedConfig;
console.log(`${modelName} at ${temperature}`);

for (const variables of [
  { id: agentId, input: { config: { temperature: 0.5 } }, reason: 'Tried from TypeScript' },
  { id: UNKNOWN, input: {} },
  { id: agentId, input: { config: { temperature: 9 } } },
  { id: agentId, input: { name: 'Scribe' }, expectedVersion: 1 },
]) {
  console.log(outcome((await run(UpdateAgentDocument, variables)).updateAgent));
}

const socket = createClient({ url: url.replace(/^http/, 'ws'), webSocketImpl: WebSocket });
const updates = socket.iterate<SegmentUpdatesSubscription>({
  query: print(SegmentUpdatesDocument),
  variables: { meetingId: MEETING, batchSize: 5 },
});
for await (const { data } of updates) {
  if (!data) throw new Error('no such meeting');
  const { segments } = data.segmentUpdates;
  console.log(`${segments.length} segments, the first by ${segments[0]?.speaker}`);
}
