// OpenFeature's SDK for browsers with its provider for OFREP, which polls: node openfeature-web.mjs URL SLUG
// It says what the flag is at first, when an answer says that nothing has changed, and what the flag is after a change.

import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';

const [, , baseUrl, slug] = process.argv;
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
let wasUnchanged = false;

async function fetchAndNote(...request) {
  const response = await fetch(...request);
  if (response.status === 304 && !wasUnchanged) {
    wasUnchanged = true;
    say({ status: 304 });
  }
  return response;
}

const provider = new OFREPWebProvider({ baseUrl, pollInterval: 20, fetchImplementation: fetchAndNote });
await OpenFeature.setProviderAndWait(provider);
const client = OpenFeature.getClient();
const sayFlag = () => {
  const { value, variant, reason } = client.getObjectDetails(slug, {});
  say({ maxTokens: value.maxTokens, variant, reason });
};
sayFlag();
client.addHandler(ProviderEvents.ConfigurationChanged, async () => {
  sayFlag();
  await OpenFeature.close();
  process.exit(0);
});
