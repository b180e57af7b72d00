// Public module of infrastructure/: programs that tests run, from Debian packages.
import { ensurePackages, reasonNotToInstall } from './debian.ts';
import { attempt } from './command.ts';

/**
 * Installs the packages of these programs where they are missing and may be installed. Returns why
 * one cannot be run; `undefined` where all can.
 */
export async function reasonWithoutPrograms(names: readonly string[], purpose: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (const name of names) if ((await attempt(name, ['--version'])).code !== 0) missing.push(name);
  if (missing.length === 0) return undefined;
  const reason = reasonNotToInstall();
  if (reason !== undefined) return `${missing.join(', ')} is missing and not installed, as ${reason}`;
  await ensurePackages(missing, purpose);
  return undefined;
}
