// The columns of the matrix: the base, each variant, and what the agent resolves to.

import type { Agent, Variant } from './operations';
import type { FieldName, Value } from './fields';

/** Something that has a configuration of its own, and can be edited. */
export interface Column {
  id: string;
  name: string;
  /** null: the base. */
  variant: Variant | null;
  version: number;
  isActive: boolean;
}

export function columnsOf(agent: Agent): Column[] {
  const isBaseActive = agent.variants.every(({ isActive }) => !isActive);
  const base = { id: agent.id, name: 'Base', variant: null, version: agent.version, isActive: isBaseActive };
  return [base, ...agent.variants.map((variant) => ({ ...variant, variant }))];
}

/** The column's own value of a field; null where a variant inherits it. */
export const ownValue = (agent: Agent, { variant }: Column, field: FieldName): Value =>
  variant ? variant.overrides[field] : agent.config[field];

/** The value of a field with what is below it. */
export const effectiveValue = (agent: Agent, { variant }: Column, field: FieldName): Value =>
  (variant ?? agent).config[field];
