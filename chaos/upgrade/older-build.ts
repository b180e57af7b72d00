import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { attempt, ROOT, run } from '../../infrastructure/command.ts';
import { UserFacingError, step } from '../../infrastructure/progress.ts';

/** A build of another commit. */
export interface OlderBuild {
  readonly commit: string;
  /** The worker's main file. */
  readonly main: string;
  remove(): void;
}

const INSTALL_LIMIT_MS = 600_000;
const PRODUCTION_ONLY = ['--omit=dev', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');
const TYPES = join(ROOT, 'node_modules/@types');

/** The commit that a ref names, or why there is none here. A shallow clone lacks old commits. */
export async function commitOf(ref: string): Promise<{ readonly commit: string } | { readonly missing: string }> {
  const found = await attempt('git', ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  if (found.code === 0) return { commit: found.stdout.trim() };
  const shallow = (await attempt('git', ['rev-parse', '--is-shallow-repository'])).stdout.trim() === 'true';
  const advice = shallow ? 'This clone is shallow: git fetch --unshallow --tags.' : 'git fetch --tags may bring it.';
  return { missing: `There is no commit "${ref}" in this repository. ${advice}` };
}

/** The tag of the last release before this commit; `undefined` where there is none. */
export async function lastRelease(): Promise<string | undefined> {
  const found = await attempt('git', ['describe', '--tags', '--abbrev=0', '--match', 'v*']);
  return found.code === 0 ? found.stdout.trim() : undefined;
}

/** Extracts the commit into a temporary folder, installs the packages of its own lock file, and builds it. */
export async function olderBuild(ref: string): Promise<OlderBuild> {
  const found = await commitOf(ref);
  if ('missing' in found) throw new UserFacingError(found.missing);
  const folder = mkdtempSync(join(tmpdir(), 'contacts-older-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const archive = join(folder, 'source.tar');
    await run('git', ['archive', '--format=tar', '--output', archive, found.commit]);
    await run('tar', ['-xf', archive, '-C', folder]);
    await step(`Building ${ref} (${found.commit.slice(0, 9)})`, async () => {
      const limits = { cwd: folder, limitMs: INSTALL_LIMIT_MS };
      await run('npm', ['ci', ...PRODUCTION_ONLY], limits);
      // This checkout's compiler: to install the older one's takes ten times as long as everything else.
      const options = ['--project', 'tsconfig.build.json', '--noCheck', '--typeRoots', TYPES];
      await run(process.execPath, [COMPILER, ...options], limits);
    });
    return { commit: found.commit, main: join(folder, 'dist/main.js'), remove };
  } catch (error) {
    remove();
    throw error;
  }
}
