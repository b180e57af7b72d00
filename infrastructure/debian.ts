import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, LOG_FOLDER, run } from './command.ts';
import { UserFacingError, printProgress, step } from './progress.ts';

/**
 * Why nothing may be installed here; `undefined` where it may: as root, on Debian, with apt, and
 * not forbidden.
 */
export function reasonNotToInstall(): string | undefined {
  if (process.env['SURROUNDINGS_INSTALL'] === 'no') return 'SURROUNDINGS_INSTALL=no forbids it';
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return 'this is not Debian';
  if (!/^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))) return 'this is not Debian';
  if (process.getuid?.() !== 0) return 'that needs root';
  return undefined;
}

async function installed(name: string): Promise<boolean> {
  const { stdout } = await attempt('dpkg-query', ['-W', '-f=${Status}', name]);
  return stdout.includes('ok installed');
}

/**
 * Installs missing Debian packages and prints why. Throws a UserFacingError where that is not
 * allowed.
 */
export async function ensurePackages(names: readonly string[], purpose: string): Promise<void> {
  const present = await Promise.all(names.map(installed));
  const missing = names.filter((_, index) => !present[index]);
  if (missing.length === 0) return;
  const reason = reasonNotToInstall();
  if (reason !== undefined) {
    throw new UserFacingError(
      `Missing: ${missing.join(', ')} (${purpose}). It is not installed automatically, as ${reason}.`,
    );
  }
  printProgress(`Missing: ${missing.join(', ')}, needed ${purpose}. Installing Debian's packages as root.`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const log = join(LOG_FOLDER, `apt-${missing[0]}.log`);
  await step(`apt-get install ${missing.join(' ')}`, async () => {
    await run('apt-get', ['update', '-q'], { env, log, limitMs: 300_000 });
    const install = ['install', '-y', '-q', '--no-install-recommends', ...missing];
    await run('apt-get', install, { env, log, limitMs: 900_000 });
  });
}

/** Returns the distribution's mirror that apt uses on this machine. */
export async function debianMirror(): Promise<string> {
  const read = async (): Promise<string | undefined> => {
    const policy = await run('apt-cache', ['policy']);
    for (const source of policy.matchAll(/^ *-?\d+ (https?:\S+) \S+\/main .*\n +release (.*)$/gm)) {
      if (/(^|,)l=Debian(,|$)/.test(source[2] ?? '')) return source[1];
    }
    return undefined;
  };
  const known = await read();
  if (known !== undefined) return known;
  await run('apt-get', ['update', '-q'], { limitMs: 300_000 });
  const found = await read();
  if (found === undefined) throw new UserFacingError("apt's sources name no mirror of Debian's main archive.");
  return found;
}

/**
 * Returns apt's settings that decide how this machine reaches its mirror, in the form of an
 * apt.conf.
 */
export async function aptSettings(): Promise<string> {
  const all = await run('apt-config', ['dump']);
  const kept = /^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) ".+";$/;
  return all
    .split('\n')
    .filter((line) => kept.test(line))
    .join('\n');
}
