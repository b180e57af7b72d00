// Versions of what the peers are made of, from their sources and toolchains.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { attempt } from '../../infrastructure/command.ts';
import { java, SOURCES, type Peer } from './peers.ts';

/** Names and versions, e.g. `amqp091-go 1.16.0`. */
type Versions = readonly string[];

/** Returns for each peer its toolchain and libraries, in brackets. */
export async function peerVersions(peers: readonly Peer[]): Promise<Readonly<Record<string, string>>> {
  const found = peers.map(async (peer) => [peer, `(${(await versionsOf(peer)).join(', ')})`] as const);
  return Object.fromEntries(await Promise.all(found));
}

async function versionsOf(peer: Peer): Promise<Versions> {
  const source = (file: string): string => readFileSync(join(SOURCES, peer, file), 'utf8');
  const printed = async (program: string, argument: string): Promise<string> =>
    (await attempt(program, [argument])).output;
  if (peer === 'go') return [goVersion(await printed('go', 'version')), ...goModules(source('go.mod'))];
  if (peer === 'spring') return [javaVersion(await printed(java(), '-version')), ...pomParent(source('pom.xml'))];
  return npmDependencies(source('package.json'));
}

/** Reads the output of `go version`. */
export function goVersion(printed: string): string {
  return `Go ${/\bgo(\d\S*)/.exec(printed)?.[1] ?? 'unknown'}`;
}

/** Reads the output of `java -version`. */
export function javaVersion(printed: string): string {
  return `Java ${/version "([^"]+)"/.exec(printed)?.[1] ?? 'unknown'}`;
}

/** Reads go.mod: the modules that the program itself imports. */
export function goModules(text: string): Versions {
  const direct = text.split('\n').filter((line) => !line.endsWith('// indirect'));
  return direct.flatMap((line) => {
    const [, path = '', version] = /^\t(\S+) v(\S+)$/.exec(line) ?? [];
    return version === undefined ? [] : [`${nameOf(path)} ${version}`];
  });
}

/** Without the host, the owner and the major version. */
function nameOf(path: string): string {
  return path.replace(/\/v\d+$/, '').replace(/^.*\//, '');
}

/** Reads pom.xml: the parent, which pins all libraries. */
export function pomParent(text: string): Versions {
  const parent = /<parent>(.*?)<\/parent>/s.exec(text)?.[1] ?? '';
  const of = (element: string): string => new RegExp(`<${element}>([^<]*)<`).exec(parent)?.[1] ?? 'unknown';
  return [`${of('artifactId').replace('-starter-parent', '')} ${of('version')}`];
}

/** Reads package.json: what the program runs on; each version is exact. */
export function npmDependencies(text: string): Versions {
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Readonly<Record<string, string>> };
  return Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
}
