// Writes a call of the page as code that does the same.

import type { Call } from '../api/calls';

export interface Target {
  url: string;
  /** Whether the server asks for a key, which the code reads from the environment. */
  hasKey: boolean;
}

export const LANGUAGES = ['curl', 'Python', 'TypeScript'] as const;
export type Language = (typeof LANGUAGES)[number];

export function snippet(language: Language, call: Call, target: Target): string {
  return WRITERS[language](call, target);
}

const WRITERS: Record<Language, (call: Call, target: Target) => string> = {
  curl({ kind, document, variables }, { url, hasKey }) {
    const body = JSON.stringify({ query: document, variables }, null, 2);
    return [
      `curl ${quote(url)}${kind === 'subscription' ? ' --no-buffer' : ''} \\`,
      `  --header 'Content-Type: application/json' \\`,
      ...(kind === 'subscription' ? [`  --header 'Accept: text/event-stream' \\`] : []),
      ...(hasKey ? ['  --header "Authorization: Bearer $RAPPORTEUR_KEY" \\'] : []),
      `  --data ${quote(body)}`,
    ].join('\n');
  },

  Python({ kind, document, variables }, { url, hasKey }) {
    const isStream = kind === 'subscription';
    const headers = [
      ...(isStream ? ['"Accept": "text/event-stream"'] : []),
      ...(hasKey ? ['"Authorization": f"Bearer {os.environ[\'RAPPORTEUR_KEY\']}"'] : []),
    ];
    const call = `json={"query": QUERY, "variables": VARIABLES}, headers={${headers.join(', ')}}`;
    return [
      'import json',
      ...(hasKey ? ['import os'] : []),
      '',
      'import httpx',
      '',
      `QUERY = r"""${document}"""`,
      `VARIABLES = json.loads(r"""${JSON.stringify(variables, null, 2).replaceAll('"""', '\\u0022\\u0022\\u0022')}""")`,
      '',
      ...(isStream
        ? [`with httpx.stream("POST", "${url}", ${call}, timeout=None) as response:`, '    for line in response.iter_lines():', '        print(line)']
        : [`response = httpx.post("${url}", ${call})`, 'print(response.json())']),
    ].join('\n');
  },

  TypeScript({ kind, document, variables }, { url, hasKey }) {
    const query = `const query = ${template(document)};`;
    const values = `const variables = ${JSON.stringify(variables, null, 2)};`;
    const key = 'Authorization: `Bearer ${process.env.RAPPORTEUR_KEY}`';
    if (kind === 'subscription') {
      return [
        `import { createClient } from 'graphql-ws';`,
        '',
        query,
        values,
        '',
        `const client = createClient({ url: '${url.replace(/^http/, 'ws')}'${hasKey ? `, connectionParams: { ${key} }` : ''} });`,
        'for await (const { data } of client.iterate({ query, variables })) console.log(data);',
      ].join('\n');
    }
    return [
      query,
      values,
      '',
      `const response = await fetch('${url}', {`,
      `  method: 'POST',`,
      `  headers: { 'Content-Type': 'application/json'${hasKey ? `, ${key}` : ''} },`,
      '  body: JSON.stringify({ query, variables }),',
      '});',
      'console.log(await response.json());',
    ].join('\n');
  },
};

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const template = (text: string) => `\`${text.replace(/[`\\]|\$\{/g, (found) => `\\${found}`)}\``;
