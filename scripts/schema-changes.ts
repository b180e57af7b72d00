import { fileURLToPath } from 'node:url';

import { contractChanges, lastRelease } from './schema/release.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * `node scripts/schema-changes.ts [COMMIT]`: how the contract differs from the last release's, or
 * from a commit's.
 */
async function main([commit]: readonly string[]): Promise<number> {
  const since = commit ?? (await lastRelease(ROOT));
  if (since === undefined) {
    console.log('There is no release yet to compare the contract with.');
    return 0;
  }
  const changes = await contractChanges(ROOT, since);
  if (changes === undefined) {
    console.log(`${since} has no contract to compare with.`);
    return 0;
  }
  for (const what of changes.breaking) console.log(`breaking  ${what}`);
  for (const what of changes.additions) console.log(`addition  ${what}`);
  console.log(`${changes.breaking.length} breaking changes and ${changes.additions.length} additions since ${since}`);
  if (changes.breaking.length === 0 || changes.isBreakingAllowed) return 0;
  console.log('A breaking change needs a new major version; below 1.0.0, a new minor one.');
  return 1;
}

process.exitCode = await main(process.argv.slice(2));
