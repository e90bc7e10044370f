// Renders prompts as the server's `renderPrompt` does, so that a worker can while the server is away.
//
// `{{name}}` stands for the value of a variable. White space inside the braces is allowed. A name is a letter or an underscore, followed by
// letters, digits and underscores of any script, with their combining marks; names are compared in Unicode's normal form C. Anything else
// in double braces is ordinary text.

import type { Config } from './configs/config.js';
import { RapporteurError } from './errors.js';

/** Variables are missing or unknown, or a value is none; the message names them all. */
export class PromptError extends RapporteurError {}

const MAX_NAME_CHARS = 100;
const PLACEHOLDER = /\{\{\s*([^\s{}]{1,400})\s*\}\}/gu;
const NAME = /^[\p{L}\p{Nl}\p{No}_][\p{L}\p{N}\p{M}_\u200c\u200d]*$/u;

/** Returns the two prompts with the values of exactly their variables. Throws PromptError. */
export function render(
  { systemPrompt, userPromptTemplate }: Pick<Config, 'systemPrompt' | 'userPromptTemplate'>,
  variables: Readonly<Record<string, string | number | boolean>> = {},
): { systemPrompt: string; userPrompt: string } {
  const prompts = [systemPrompt, userPromptTemplate];
  const needed = new Set(prompts.flatMap((prompt) => Array.from(prompt.matchAll(PLACEHOLDER), ([, text]) => variableName(text))));
  needed.delete(null);
  const values = new Map(Object.entries(variables).map(([name, value]) => [name.normalize('NFC'), value]));
  const problems = [
    ...[...needed].filter((name) => !values.has(name ?? '')).map((name) => `${name} is missing`),
    ...[...values.keys()].filter((name) => !needed.has(name)).map((name) => `${name} is unknown: the prompts do not have it`),
    ...[...values].filter(([, value]) => !isInsertable(value)).map(([name]) => `${name} must be a text, a finite number or a boolean`),
  ];
  if (problems.length > 0) throw new PromptError(problems.join('; '));
  const rendered = (prompt: string) =>
    prompt.replace(PLACEHOLDER, (placeholder, text: string) => {
      const name = variableName(text);
      return name === null ? placeholder : String(values.get(name));
    });
  return { systemPrompt: rendered(systemPrompt), userPrompt: rendered(userPromptTemplate) };
}

/** Returns the name of the variable in normal form C, or null if the text is no name. */
function variableName(text = ''): string | null {
  const name = text.normalize('NFC');
  return NAME.test(text) && Array.from(name).length <= MAX_NAME_CHARS ? name : null;
}

const isInsertable = (value: unknown) =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
