// The audits of graphql-http against a server: each says its id, its name, and what came of it.

import { serverAudits } from 'graphql-http';

const [, , serverUrl] = process.argv;
for (const audit of serverAudits({ url: `${serverUrl}/graphql` })) {
  const { status, reason } = await audit.fn();
  process.stdout.write(`${JSON.stringify({ id: audit.id, name: audit.name, status, reason })}\n`);
}
