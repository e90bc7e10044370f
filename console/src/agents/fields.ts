// The fields of a configuration: how they are called, and what they hold.

import type { ConfigInput } from '../gql/operations';

export type FieldName = keyof ConfigInput;
/** A text, a number, or an object of JSON. */
export type Value = unknown;

export interface Field {
  name: FieldName;
  label: string;
  kind: 'line' | 'prompt' | 'integer' | 'decimal' | 'json';
}

export const FIELDS: readonly Field[] = [
  { name: 'modelProvider', label: 'Provider', kind: 'line' },
  { name: 'modelName', label: 'Model', kind: 'line' },
  { name: 'systemPrompt', label: 'System prompt', kind: 'prompt' },
  { name: 'userPromptTemplate', label: 'User prompt', kind: 'prompt' },
  { name: 'promptVersion', label: 'Prompt version', kind: 'line' },
  { name: 'temperature', label: 'Temperature', kind: 'decimal' },
  { name: 'maxTokens', label: 'Max tokens', kind: 'integer' },
  { name: 'contextWindow', label: 'Context window', kind: 'integer' },
  { name: 'inputTokenLimit', label: 'Input token limit', kind: 'integer' },
  { name: 'tokenBudget', label: 'Token budget', kind: 'integer' },
  { name: 'timeoutSeconds', label: 'Timeout, seconds', kind: 'integer' },
  { name: 'maxRetries', label: 'Max retries', kind: 'integer' },
  { name: 'parameters', label: 'Parameters', kind: 'json' },
];

const LABELS = new Map<string, string>(FIELDS.map(({ name, label }) => [name, label]));

/** The label of a field as it is called in history and diffs, such as `maxTokens` or `config.maxTokens`. */
export function labelOf(path: string): string {
  const name = path.split('.').at(-1) ?? path;
  return LABELS.get(name) ?? name;
}

export const isNumeric = ({ kind }: Field): boolean => kind === 'integer' || kind === 'decimal';

export const hasLines = ({ kind }: Field): boolean => kind === 'prompt' || kind === 'json';

/** The text to edit: the own value, or else the inherited one. Parameters that are inherited are merged, not copied. */
export function draftOf(field: Field, own: Value, inherited: Value): string {
  if (field.kind === 'json') return JSON.stringify(own ?? {}, null, 2);
  return String(own ?? inherited ?? '');
}

/** The value of an edited text. Throws an Error if it is no number, or no JSON, and should be. */
export function valueOf(field: Field, draft: string): Value {
  if (field.kind === 'json') return JSON.parse(draft);
  if (!isNumeric(field)) return draft;
  if (draft.trim() === '') throw new Error(`${field.label} needs a number.`); // Number('') is 0
  return Number(draft);
}

/** A value of any field as people read it. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'inherited';
  if (typeof value === 'number') return value.toLocaleString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
