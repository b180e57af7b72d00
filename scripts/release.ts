// Prepares a release: npm run release -- 1.2.3
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT, run } from '../infrastructure/command.ts';
import { UserFacingError, printProgress, step } from '../infrastructure/progress.ts';
import { isLater, releasedChangelog } from './release/changelog.ts';

const FOLDER = '.cache/release';
const CHECK_LIMIT_MS = 7_200_000;

async function release(version: string | undefined): Promise<void> {
  if (version === undefined) throw new UserFacingError('Name the version: npm run release -- 1.2.3');
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const isFirst = (await run('git', ['tag', '--list', 'v*'])) === '' && version === manifest.version;
  if (!isFirst && !isLater(version, manifest.version)) {
    throw new UserFacingError(`${version} is not later than ${manifest.version}.`);
  }
  if ((await run('git', ['status', '--porcelain'])) !== '') throw new UserFacingError('Commit your changes first.');
  const page = join(ROOT, 'CHANGELOG.md');
  const changelog = releasedChangelog(readFileSync(page, 'utf8'), version, new Date().toISOString().slice(0, 10));
  const check = ['run', 'check'];
  await step('npm run check', async () => void (await run('npm', check, { limitMs: CHECK_LIMIT_MS })));
  writeFileSync(page, changelog);
  await run('npm', ['version', '--no-git-tag-version', '--allow-same-version', version]);
  mkdirSync(join(ROOT, FOLDER), { recursive: true });
  await run('npm', ['pack', '--pack-destination', FOLDER]);
  const sbom = await run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--omit', 'optional']);
  writeFileSync(join(ROOT, FOLDER, `contacts-worker-${version}.cdx.json`), `${sbom}\n`);
  await run('git', ['commit', '--all', '--message', `Release ${version}`]);
  await run('git', ['tag', '--annotate', `v${version}`, '--message', `Release ${version}`]);
  printProgress(`${FOLDER} holds the package and its bill of materials; the commit has the tag v${version}.`);
  printProgress('Push it: git push --follow-tags. docs/releasing.md says how it is published.');
}

try {
  await release(process.argv[2]);
} catch (error) {
  printProgress(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
