import { useState } from 'react';
import { useQuery, type AnyVariables, type UseQueryArgs, type UseQueryResponse } from 'urql';

/** A query as urql runs it, whose data stay where reading them again fails: what is shown, and being edited, does not go away. */
export function useRead<Data, Variables extends AnyVariables>(args: UseQueryArgs<Variables, Data>): UseQueryResponse<Data, Variables> {
  const [state, reload] = useQuery(args);
  const key = JSON.stringify(args.variables);
  const [kept, setKept] = useState<{ key: string; data: Data } | null>(null);
  const { data, fetching } = state;
  if (data && !fetching && kept?.data !== data) setKept({ key, data });
  return [!data && kept?.key === key ? { ...state, data: kept.data } : state, reload];
}
