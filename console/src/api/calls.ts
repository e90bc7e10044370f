// Remembers the last calls of the page, so that the visitor can copy them as code.

import { getOperationName, stringifyDocument, type Operation } from '@urql/core';
import { useSyncExternalStore } from 'react';

export interface Call {
  name: string;
  kind: 'query' | 'mutation' | 'subscription';
  document: string;
  variables: unknown;
}

const MAX_CALLS = 12;
let calls: readonly Call[] = [];
const listeners = new Set<() => void>();

export function recordCall({ kind, query, variables }: Operation): void {
  if (kind === 'teardown') return;
  const name = getOperationName(query) ?? 'operation';
  const call = { name, kind, document: stringifyDocument(query).trim(), variables };
  calls = [call, ...calls.filter((each) => each.name !== name)].slice(0, MAX_CALLS);
  for (const listener of listeners) listener();
}

/** Returns the last call of each operation, the newest first. */
export const useCalls = () => useSyncExternalStore(subscribe, () => calls);

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
