// An agent as it is now: read again when it resolves to something else, and when the visitor comes back to the page.

import { useEffect, useEffectEvent, useState } from 'react';
import { useQuery } from 'urql';
import { useFollow } from '../api/follow';
import { AGENT, RESOLVED_CONFIG_UPDATES } from './operations';

export function useAgent(id: string) {
  const [{ data, error }, reload] = useQuery({ query: AGENT, variables: { id } });
  const [variables, setVariables] = useState<readonly string[]>([]);
  const connection = useFollow(id, RESOLVED_CONFIG_UPDATES, () => ({ agentId: id }), ({ resolvedConfigUpdates }) => {
    setVariables(resolvedConfigUpdates.variables);
    reload();
  });
  const onFocus = useEffectEvent(() => reload());
  useEffect(() => {
    const listener = () => onFocus();
    addEventListener('focus', listener);
    return () => removeEventListener('focus', listener);
  }, []);
  return { data, error, reload, connection, variables };
}
