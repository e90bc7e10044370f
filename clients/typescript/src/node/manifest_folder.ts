// Reads a folder of manifests, as `rapporteur agents pull` writes it.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, parse } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { resolveManifest, type ManifestConfig, type ManifestSource } from '../configs/manifests.js';
import { messageOf, RapporteurError } from '../errors.js';

/** Returns the manifests of a folder's files `SLUG.yaml` or `SLUG.json`. They are read when one is needed for the first time. */
export function manifestFolder(directory: string): ManifestSource {
  return {
    load(onProblem) {
      const found = new Map<string, ManifestConfig>();
      for (const entry of readdirSync(directory)) {
        const { name: slug, ext } = parse(entry);
        if (ext !== '.yaml' && ext !== '.json') continue;
        const file = join(directory, entry);
        try {
          const config = resolveManifest(slug, parseYaml(readFileSync(file, 'utf8'))); // JSON is YAML, too
          found.set(slug, { config, modifiedAt: statSync(file).mtimeMs });
        } catch (error) {
          onProblem(new RapporteurError(`${file} is no manifest: ${messageOf(error)}`, error));
        }
      }
      return found;
    },
  };
}
