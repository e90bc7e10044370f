import { createContext, useContext } from 'react';
import type { Scope, ViewerQuery } from '../gql/operations';

export const ViewerContext = createContext<ViewerQuery['viewer'] | null>(null);

/** Tells whether the visitor's key has a scope. While that is not known yet, it has none. */
export const useScope = (scope: Scope): boolean => useContext(ViewerContext)?.scopes.includes(scope) ?? false;
