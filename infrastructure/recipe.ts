import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, LOG_FOLDER, run } from './command.ts';

/** Settings of the host that a build needs to reach the package sources as the host does. */
const FORWARDED_VARIABLES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'GOPROXY',
];

/** Returns a hash of the files in a recipe's folder and of `seed`, for its image's tag. */
export function recipeHash(folder: string, seed = ''): string {
  const hash = createHash('sha256').update(seed);
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Whether an image of this name is on the machine. */
export async function imagePresent(name: string): Promise<boolean> {
  return (await attempt('docker', ['image', 'inspect', name])).code === 0;
}

/**
 * Builds the image `tag` on `base` from the Dockerfile in `context`. The log file's name ends in
 * `logName`.
 */
export async function buildImage(tag: string, base: string, context: string, logName: string): Promise<void> {
  const forwarded = FORWARDED_VARIABLES.filter((name) => process.env[name] !== undefined);
  const variables = forwarded.flatMap((name) => ['--build-arg', name]);
  const args = ['build', '--force-rm', '--network', 'host', '--build-arg', `BASE=${base}`, ...variables];
  const log = join(LOG_FOLDER, `build-${logName}.log`);
  await run('docker', [...args, '-t', tag, '.'], { cwd: context, log, limitMs: 1_800_000 });
}
