// An agent as it is now: read again at once when it resolves to something else, and soon when anything else of it changes.

import { useState } from 'react';
import { useFollow } from '../api/follow';
import { useReadAgain } from '../api/useReadAgain';
import { useRead } from '../api/useRead';
import { AGENT, RESOLVED_CONFIG_UPDATES } from './operations';

const READ_AGAIN_MS = 5_000;

export function useAgent(id: string) {
  const [{ data, error }, reload] = useRead({ query: AGENT, variables: { id } });
  const [variables, setVariables] = useState<readonly string[]>([]);
  const connection = useFollow(id, RESOLVED_CONFIG_UPDATES, () => ({ agentId: id }), ({ resolvedConfigUpdates }) => {
    setVariables(resolvedConfigUpdates.variables);
    reload();
  });
  useReadAgain(reload, READ_AGAIN_MS);
  return { data, error, reload, connection, variables };
}
