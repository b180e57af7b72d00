import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { attempt, LOG_FOLDER, ROOT, run } from './command.ts';
import { reasonNotToInstall } from './debian.ts';
import { withLock } from './lock.ts';
import { UserFacingError, step } from './progress.ts';
import { ensureBase, imagePresent, FORWARDED_VARIABLES } from './standin.ts';

/** The compiler's image where a registry can be reached; GO_IMAGE names another. */
const GO_IMAGE = 'golang:1.26-trixie';

/**
 * Builds the image of a program written in Go, from the recipe in `folder` (relative to the project), unless it is there;
 * gives its name. The compiler is in a stage of the build: the golang image where a registry answers, else Debian's own.
 */
export function ensureGoImage(folder: string): Promise<string> {
  const name = `contacts-${basename(folder)}:${recipeHash(join(ROOT, folder))}`;
  return withLock(`go-image-${basename(folder)}`, async () => {
    if (!(await imagePresent(name))) await build(folder, name);
    return name;
  });
}

function recipeHash(folder: string): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}

async function build(folder: string, name: string): Promise<void> {
  const base = await compilerImage();
  const passed = FORWARDED_VARIABLES.flatMap((variable) =>
    process.env[variable] === undefined ? [] : ['--build-arg', variable],
  );
  const args = ['build', '--force-rm', '--network', 'host', '--build-arg', `BASE=${base}`, ...passed, '-t', name, '.'];
  await step(`Image ${name}`, () =>
    run('docker', args, {
      cwd: join(ROOT, folder),
      log: join(LOG_FOLDER, `build-${basename(folder)}.log`),
      limitMs: 1_800_000,
    }),
  );
}

async function compilerImage(): Promise<string> {
  const named = process.env['GO_IMAGE'];
  if (named !== undefined && named !== '') return named;
  if (await imagePresent(GO_IMAGE)) return GO_IMAGE;
  const pull = await attempt('docker', ['pull', GO_IMAGE], { firstOutputMs: 60_000, limitMs: 1_200_000 });
  if (pull.code === 0) return GO_IMAGE;
  const reason = reasonNotToInstall();
  if (reason === undefined) return ensureBase();
  throw new UserFacingError(
    `${GO_IMAGE} could not be pulled, and no stand-in is built, as ${reason}. Name one with GO_IMAGE.`,
  );
}
