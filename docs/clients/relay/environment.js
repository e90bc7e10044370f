// The server as Relay sees it.

import { Environment, Network, RecordSource, Store } from 'relay-runtime';

export function createEnvironment(url, key) {
  const headers = { 'Content-Type': 'application/json', ...(key && { Authorization: `Bearer ${key}` }) };
  const network = Network.create(async ({ text }, variables) => {
    const body = JSON.stringify({ query: text, variables });
    return (await fetch(url, { method: 'POST', headers, body })).json();
  });
  return new Environment({ network, store: new Store(new RecordSource()), getDataID });
}

// These have the id of another thing: in the store they must not take its place.
const WITHOUT_AN_ID_OF_THEIR_OWN = ['Deleted', 'NotFound'];

function getDataID(record, typename) {
  return WITHOUT_AN_ID_OF_THEIR_OWN.includes(typename) ? undefined : record.id;
}
