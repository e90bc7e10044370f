// Follows a subscription through every loss of the connection: it subscribes again, from where it was, until it is refused.

import type { AnyVariables, CombinedError, TypedDocumentNode } from '@urql/core';
import { useEffect, useEffectEvent, useState } from 'react';
import { useClient, type Client } from 'urql';
import { onEnd, pipe, subscribe } from 'wonka';
import { isTransient, isUnauthenticated } from './problems';

/** `live`: data come. `lost`: the connection is being made again. `ended`: the server completed it. `refused`: it said no. */
export type ConnectionState = 'connecting' | 'live' | 'lost' | 'ended' | 'refused';

interface Following<Data, Variables> {
  document: TypedDocumentNode<Data, Variables>;
  /** Called for each subscription, so that it may begin where the one before was lost. */
  variables: () => Variables;
  next: (data: Data) => void;
  state: (state: ConnectionState, error?: CombinedError) => void;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

export function follow<Data, Variables extends AnyVariables>(
  client: Client,
  { document, variables, next, state }: Following<Data, Variables>,
): () => void {
  let pause = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unsubscribe = () => {};
  let stopped = false;

  const start = () => {
    timer = undefined;
    let over = false;
    const end = (error?: CombinedError) => {
      if (over || stopped) return;
      over = true;
      if (!error) return state('ended');
      if (isUnauthenticated(error) || !isTransient(error)) return state('refused', error);
      state('lost', error);
      pause = Math.min(pause * 2 || FIRST_PAUSE_MS, MAX_PAUSE_MS);
      timer = setTimeout(start, pause * Math.random()); // so that many pages do not come back at once
    };
    const source = client.subscription(document, variables());
    ({ unsubscribe } = pipe(
      source,
      onEnd(() => end()),
      subscribe(({ data, error, hasNext }) => {
        if (error) end(error);
        else if (hasNext === false) end(); // urql gives the last data once more
        else if (data) {
          pause = 0;
          next(data);
          state('live');
        }
      }),
    ));
  };
  const retryNow = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    start();
  };
  addEventListener('online', retryNow);
  start();
  return () => {
    stopped = true;
    removeEventListener('online', retryNow);
    clearTimeout(timer);
    unsubscribe();
  };
}

/** Follows a subscription while the component is shown, and begins anew when `key` changes. */
export function useFollow<Data, Variables extends AnyVariables>(
  key: string,
  document: TypedDocumentNode<Data, Variables>,
  variables: () => Variables,
  next: (data: Data) => void,
): { state: ConnectionState; error: CombinedError | undefined } {
  const client = useClient();
  const [connection, setConnection] = useState<{ state: ConnectionState; error: CombinedError | undefined }>({
    state: 'connecting',
    error: undefined,
  });
  const currentVariables = useEffectEvent(variables);
  const currentNext = useEffectEvent(next);
  useEffect(
    () =>
      follow(client, {
        document,
        variables: () => currentVariables(),
        next: (data: Data) => currentNext(data),
        state: (state, error) => setConnection((before) => (before.state === state ? before : { state, error })),
      }),
    [client, document, key],
  );
  return connection;
}
