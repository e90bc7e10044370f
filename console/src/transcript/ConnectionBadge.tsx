import type { CombinedError } from '@urql/core';
import { useSyncExternalStore } from 'react';
import type { ConnectionState } from '../api/follow';
import { describeFailure } from '../api/problems';

const WORDS: Record<ConnectionState, string> = {
  connecting: 'Connecting…',
  live: 'Up to date',
  lost: 'Connection lost. Connecting again…',
  ended: 'Deleted',
  refused: 'Not followed',
};

/** Says whether what is shown is what the server has. */
export function ConnectionBadge({ state, error }: { state: ConnectionState; error: CombinedError | undefined }) {
  const online = useSyncExternalStore(subscribe, () => navigator.onLine);
  const isLive = online && state === 'live';
  const words = online ? WORDS[state] : 'Offline. It goes on when the network is back.';
  return (
    <span className={`connection ${isLive ? 'is-live' : 'is-lost'}`} role="status">
      {words}
      {state === 'refused' && error && ` (${describeFailure(error)})`}
    </span>
  );
}

function subscribe(listener: () => void) {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
}
