// Whether the WebSocket is there: null while none is wanted.

import { useSyncExternalStore } from 'react';

let isConnected: boolean | null = null;
const listeners = new Set<() => void>();

export function setConnected(value: boolean | null): void {
  isConnected = value;
  for (const listener of listeners) listener();
}

export const useConnected = (): boolean | null => useSyncExternalStore(subscribe, () => isConnected);

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
