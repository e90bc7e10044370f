// Runs mutations. Each gives the success type of its union, or throws a `Refused` with the error that is data.

import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import { useCallback, useState } from 'react';
import { useClient, type Client } from 'urql';
import { describeFailure, Refused, type ErrorData } from './problems';

type Success<Result> = Exclude<Result, { __typename: ErrorData['__typename'] }>;

export async function mutate<Data extends object, Variables extends AnyVariables>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Success<Data[keyof Data]>> {
  const { data, error } = await client.mutation(document, variables);
  if (error) throw error;
  const [result] = Object.values(data ?? {}) as [Data[keyof Data]];
  const typename = (result as ErrorData).__typename;
  if (typename === 'NotFound' || typename === 'InvalidInput' || typename === 'Conflict') throw new Refused(result as ErrorData);
  return result as Success<Data[keyof Data]>;
}

/** Gives a function that runs something, whether it runs now, and what went wrong in words (null: nothing). */
export function useAction() {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<Refused | null>(null);

  const run = useCallback(
    async <Result,>(action: (client: Client) => Promise<Result>): Promise<Result | undefined> => {
      setBusy(true);
      setProblem(null);
      setRefusal(null);
      try {
        return await action(client);
      } catch (error) {
        setProblem(describeFailure(error));
        if (error instanceof Refused) setRefusal(error);
        return undefined;
      } finally {
        setBusy(false);
      }
    },
    [client],
  );
  const dismiss = useCallback(() => setProblem(null), []);
  return { run, busy, problem, refusal, dismiss };
}
