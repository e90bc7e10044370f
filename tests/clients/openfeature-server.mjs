// OpenFeature's SDK for servers with its provider for OFREP: node openfeature-server.mjs URL SLUG...
// It evaluates each flag once, and says what it got.

import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';

const [, , baseUrl, ...slugs] = process.argv;
const DEFAULT = { modelName: 'default' };

await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl }));
const client = OpenFeature.getClient();
for (const slug of slugs) {
  const context = { targetingKey: 'meeting-1', plan: 'pro' };
  const { value, variant, reason, errorCode } = await client.getObjectDetails(slug, DEFAULT, context);
  process.stdout.write(`${JSON.stringify({ value, variant, reason, errorCode })}\n`);
}
await OpenFeature.close();
