// Keeps configurations in files, which the processes of a machine share.

import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCached, type CachedConfigs, type ConfigCache } from '../configs/cache.js';

const UNFINISHED = '.unfinished';
const ABANDONED_MS = 3_600_000;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * Keeps configurations in a directory, which is made if it is not there. Prompts are in it: it should be the user's own, and one for each
 * workspace. A file begins with a hash of what follows, and is replaced as a whole, so that it is never read when it is half written.
 */
export function diskCache(directory: string): ConfigCache {
  const fileOf = (name: string) => join(directory, `configs-${sha256(name).slice(0, 16)}.json`);
  return {
    load: (name) => read(fileOf(name)),
    async save(name, cached) {
      const file = fileOf(name);
      if (isNewer(file, cached)) return; // another process knows more
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const text = JSON.stringify(cached);
      await removeAbandoned(directory);
      const unfinished = `${file}.${randomUUID()}${UNFINISHED}`;
      try {
        await writeFile(unfinished, `${sha256(text)}\n${text}`, { mode: 0o600 });
        await rename(unfinished, file);
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },
  };
}

/** Removes files that were never finished, as their processes were killed. */
async function removeAbandoned(directory: string): Promise<void> {
  for (const entry of await readdir(directory)) {
    if (!entry.endsWith(UNFINISHED)) continue;
    const file = join(directory, entry);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(file, { force: true });
  }
}

/** Returns what a file holds, or null if it does not exist. Throws if it is damaged. */
function read(file: string): CachedConfigs | null {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const lineEnd = content.indexOf('\n');
  const text = content.slice(lineEnd + 1);
  if (sha256(text) !== content.slice(0, lineEnd)) throw new Error(`${file} is damaged`);
  return parseCached(text);
}

function isNewer(file: string, cached: CachedConfigs): boolean {
  try {
    const confirmedAt = read(file)?.confirmedAt ?? 0;
    return confirmedAt > cached.confirmedAt && confirmedAt <= Date.now(); // or the clock was wrong
  } catch {
    return false;
  }
}
