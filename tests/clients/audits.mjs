// The audits of graphql-http against a server, with a key or without: each says its id, its name, and what came of it.

import { serverAudits } from 'graphql-http';

const [, , serverUrl, key] = process.argv;
const fetchFn = (url, init) => {
  const headers = new Headers(init?.headers);
  if (key) headers.set('Authorization', `Bearer ${key}`);
  return fetch(url, { ...init, headers });
};
for (const audit of serverAudits({ url: `${serverUrl}/graphql`, fetchFn })) {
  const { status, reason } = await audit.fn();
  process.stdout.write(`${JSON.stringify({ id: audit.id, name: audit.name, status, reason })}\n`);
}
