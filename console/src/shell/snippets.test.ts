import { expect, it } from 'vitest';
import type { Call } from '../api/calls';
import { snippet } from './snippets';

const TARGET = { url: 'http://127.0.0.1:8000/graphql', hasKey: true };
const call: Call = { name: 'Meeting', kind: 'query', document: 'query { a }', variables: { title: "it's `${1}`" } };

it('quotes what a shell would read', () => {
  const code = snippet('curl', call, TARGET);
  expect(code).toContain(`"it'\\''s \`\${1}\`"`);
  expect(code).toContain('"Authorization: Bearer $RAPPORTEUR_KEY"');
});

it('follows subscriptions in the way of each language', () => {
  const following: Call = { ...call, kind: 'subscription' };
  expect(snippet('curl', following, TARGET)).toContain('text/event-stream');
  expect(snippet('Python', following, TARGET)).toContain('httpx.stream');
  expect(snippet('TypeScript', following, TARGET)).toContain("url: 'ws://127.0.0.1:8000/graphql'");
});

it('names no key where the server asks for none', () => {
  for (const language of ['curl', 'Python', 'TypeScript'] as const) {
    expect(snippet(language, call, { ...TARGET, hasKey: false })).not.toContain('KEY');
  }
});
