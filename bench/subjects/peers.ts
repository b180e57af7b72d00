// Workers on other stacks, as optional subjects. Each is built on first use, with the toolchain that
// is there.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { attempt, ROOT, run, type CommandOptions } from '../../infrastructure/command.ts';
import { printProgress, step } from '../../infrastructure/progress.ts';

export const PEERS = ['go', 'spring', 'nest', 'rascal'] as const;
export type Peer = (typeof PEERS)[number];

/** How a built peer starts. */
export interface PeerProgram {
  /** A program, or `node`: this process's own Node, with the probe. */
  readonly command: string;
  readonly args: readonly string[];
  /** Its exit code after SIGTERM. */
  readonly exitCode: number;
}

interface Recipe {
  /** Commands that must succeed where the toolchain is there. */
  readonly toolchain: readonly (readonly [program: string, argument: string])[];
  /** Builds in `folder`, which holds a copy of the sources in `subjects/`. */
  readonly build: (folder: string) => Promise<void>;
  readonly program: (folder: string) => PeerProgram;
}

/** The folder of the peers' sources. */
export const SOURCES = join(ROOT, 'bench/subjects');
/** Modules of the plain worker that peers on Node use. */
const SHARED = ['plain-answers.ts', 'plain-contacts.ts', 'plain-requests.ts', 'plain-xml.ts', 'readiness.ts'];
const BUILT = join(ROOT, '.cache/bench-peers');

const NPM = [['npm', '--version']] as const;

const RECIPES: Readonly<Record<Peer, Recipe>> = {
  go: {
    toolchain: [['go', 'version']],
    build: async (folder) =>
      void (await run(
        'go',
        ['build', '-p', '1', '-trimpath', '-o', join(folder, 'subject'), '.'],
        sourcesIn(folder, 'go'),
      )),
    program: (folder) => ({ command: join(folder, 'subject'), args: [], exitCode: 0 }),
  },
  spring: {
    toolchain: [
      [java(), '-version'],
      ['mvn', '-version'],
    ],
    build: async (folder) => {
      await run('mvn', ['-q', '-B', 'package'], sourcesIn(folder, 'spring'));
      const jar = join(folder, 'subjects/spring/target/subject.jar');
      await run(java(), ['-Djarmode=tools', '-jar', jar, 'extract', '--destination', join(folder, 'extracted')]);
    },
    program: (folder) => ({
      command: java(),
      args: [...jvmOptions(folder), '-jar', join(folder, 'extracted/subject.jar')],
      // 128 + SIGTERM: a JVM that has ended in order.
      exitCode: 143,
    }),
  },
  nest: {
    toolchain: NPM,
    build: async (folder) => {
      await installPackages(folder, 'nest');
      await run(join(folder, 'node_modules/.bin/tsc'), ['-p', 'subjects/nest/tsconfig.json'], { cwd: folder });
    },
    program: (folder) => ({ command: 'node', args: [join(folder, 'dist/nest/main.js')], exitCode: 0 }),
  },
  rascal: {
    toolchain: NPM,
    build: (folder) => installPackages(folder, 'rascal'),
    program: (folder) => ({ command: 'node', args: [join(folder, 'subjects/rascal/main.js')], exitCode: 0 }),
  },
};

export function isPeer(name: string): name is Peer {
  return PEERS.some((peer) => peer === name);
}

/** How a peer starts that `buildPeers` has returned. */
export function peerProgram(peer: Peer): PeerProgram {
  return RECIPES[peer].program(join(BUILT, peer));
}

/**
 * Builds these peers unless their sources are built already. Leaves out those without a toolchain,
 * with a line for each; returns the others. Throws a UserFacingError where a build fails.
 */
export async function buildPeers(asked: readonly Peer[]): Promise<readonly Peer[]> {
  const built: Peer[] = [];
  for (const peer of asked) {
    const missing = await missingProgram(peer);
    if (missing === undefined) {
      await ensureBuilt(peer);
      built.push(peer);
    } else {
      printProgress(`The peer ${peer} is left out: \`${missing}\` does not run here.`);
    }
  }
  return built;
}

async function missingProgram(peer: Peer): Promise<string | undefined> {
  for (const [program, argument] of RECIPES[peer].toolchain) {
    if ((await attempt(program, [argument])).code !== 0) return `${program} ${argument}`;
  }
  return undefined;
}

async function ensureBuilt(peer: Peer): Promise<void> {
  const folder = join(BUILT, peer);
  const stamp = join(folder, 'sources.sha256');
  const hash = hashOfSources(peer);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  await step(`Building the peer ${peer}`, async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of [...SHARED, peer]) {
      cpSync(join(SOURCES, name), join(folder, 'subjects', name), { recursive: true });
    }
    await RECIPES[peer].build(folder);
  });
  writeFileSync(stamp, hash);
}

/** Changes with each byte of the sources and of the recipes. */
function hashOfSources(peer: Peer): string {
  const entries = readdirSync(join(SOURCES, peer), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of [...files.toSorted(), ...[...SHARED, 'peers.ts'].map((name) => join(SOURCES, name))]) {
    hash.update(file.slice(SOURCES.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function sourcesIn(folder: string, peer: Peer): CommandOptions {
  return { cwd: join(folder, 'subjects', peer) };
}

/** Into `folder` itself, so that the shared modules find them too. */
async function installPackages(folder: string, peer: Peer): Promise<void> {
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(SOURCES, peer, name), join(folder, name));
  // Within `npm run` this variable names the project's own folder.
  const env = { npm_config_local_prefix: undefined };
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, env });
}

/** The archive of loaded classes, which the first process writes as it ends, needs Java 19. */
function jvmOptions(folder: string): readonly string[] {
  const archive = join(folder, 'classes.jsa');
  const ofNewer = ['-XX:+IgnoreUnrecognizedVMOptions', '-XX:+AutoCreateSharedArchive'];
  return ['-XX:+UseParallelGC', ...ofNewer, `-XX:SharedArchiveFile=${archive}`];
}

/** The JVM of JAVA_HOME, or the one on the path. */
export function java(): string {
  const home = process.env['JAVA_HOME'] ?? '';
  return home === '' ? 'java' : join(home, 'bin/java');
}
