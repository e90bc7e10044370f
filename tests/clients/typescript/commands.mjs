// Drives clients/typescript: runs the commands that come as lines of JSON, and says what happens as lines of JSON.
//
// A command is `[id, name, ...arguments]`, and is answered by `{ id, result }` or `{ id, error }`. Clients, writers and what is followed
// have names, so that a test can have several of each.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Client, render } from 'rapporteur-client';
import { diskCache, manifestFolder } from 'rapporteur-client/node';
import * as operations from 'rapporteur-client/operations';

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const described = (error) => ({ name: error.name, message: error.message, texts: error.segments?.map(({ text }) => text) });

process.on('warning', ({ message }) => say({ warning: message }));

const clients = new Map();
const writers = new Map();
const following = [];

const commands = {
  open(name, { cache, manifests, keyFile, ...options }) {
    const key = keyFile && (async () => readFileSync(keyFile, 'utf8'));
    const client = new Client({
      ...options,
      ...(keyFile ? { key } : {}),
      ...(cache ? { cache: diskCache(cache) } : {}),
      ...(manifests ? { manifests: manifestFolder(manifests) } : {}),
      onProblem: ({ message }) => say({ client: name, problem: message }),
    });
    clients.set(name, client);
  },
  listen(name) {
    clients.get(name).onChange((slug, answer) => say({ client: name, changed: slug, model: answer?.config.modelName ?? null }));
    clients.get(name).onChange(() => {
      throw new Error('a listener of the test');
    });
  },
  config: (name, slug, byDefault) => clients.get(name).config(slug, byDefault),
  spoil(name, slug) {
    clients.get(name).config(slug).config.modelParameters.temperature = 2;
  },
  render: (config, variables) => render(config, variables),
  waitUntilCurrent: (name, timeoutMs) => clients.get(name).waitUntilCurrent(timeoutMs),
  follow(name, followed, meetingId, options) {
    const follow = async () => {
      try {
        for await (const update of clients.get(name).follow(meetingId, options)) say({ followed, update });
        say({ followed, end: null });
      } catch (error) {
        say({ followed, end: described(error) });
      }
    };
    following.push(follow());
  },
  segments: (name, writer, meetingId, options) => void writers.set(writer, clients.get(name).segments(meetingId, options)),
  write: (writer, segments) => segments.map((segment) => writers.get(writer).write(segment)),
  flush: (writer, timeoutMs) => writers.get(writer).flush(timeoutMs),
  request: (name, operation, variables) => clients.get(name).request(operations[operation], variables),
  consistency: (name) => clients.get(name).consistency,
  readAfter: (name, consistency) => clients.get(name).readAfter(consistency),
  async reset() {
    await Promise.all([...clients.values()].map((client) => client.close(0)));
    await Promise.all(following.splice(0));
    clients.clear();
    writers.clear();
  },
  close: (name, timeoutMs) => clients.get(name).close(timeoutMs),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [id, name, ...args] = JSON.parse(line);
  (async () => commands[name](...args))().then(
    (result = null) => say({ id, result }),
    (error) => say({ id, error: described(error) }),
  );
}
await commands.reset();
