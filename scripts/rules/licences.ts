import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LIST = 'config/tools/licences.json';

interface LicenceList {
  /** SPDX identifiers that any package may have. */
  readonly allowed: readonly string[];
  /** Further ones of packages that are not installed in production. */
  readonly development: readonly string[];
  /** Packages with another licence expression, which somebody has read. */
  readonly exceptions: Readonly<Record<string, string>>;
}

interface LockedPackage {
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/**
 * Returns the packages of package-lock.json whose licence is not on the list, and exceptions that
 * no package needs, or that the lock is missing or empty. Where the lock names no licence, the
 * installed package does. The packages of the benchmark's peers have locks of their own, which are
 * not read: no part of them is installed here or distributed.
 */
export function licenceProblems(root: string): string[] {
  const lock = join(root, 'package-lock.json');
  if (!existsSync(lock)) return ['missing-lock: package-lock.json\n  Without it no licence is checked.'];
  const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as { packages: Record<string, LockedPackage> };
  const list = JSON.parse(readFileSync(join(root, LIST), 'utf8')) as LicenceList;
  const found = Object.entries(packages).filter(([path, { link }]) => path !== '' && link !== true);
  if (found.length === 0) return ['empty-lock: package-lock.json\n  It lists no package, so no licence is checked.'];
  const names = new Set(found.map(([path]) => nameOf(path)));
  const unused = Object.keys(list.exceptions).filter((name) => !names.has(name));
  return [
    ...found.flatMap(([path, locked]) => problemOf(path, locked, licenceOf(root, path, locked), list)),
    ...unused.map((name) => `unused-exception: ${LIST}\n  No package ${name} is installed.`),
  ];
}

function problemOf(path: string, { dev }: LockedPackage, licence: string | undefined, list: LicenceList): string[] {
  if (licence !== undefined && list.exceptions[nameOf(path)] === licence) return [];
  const allowed = new Set([...list.allowed, ...(dev === true ? list.development : [])]);
  if (licence !== undefined && isAllowed(licence, allowed)) return [];
  return [`licence: ${path}\n  ${licence ?? 'No licence'} is not allowed by ${LIST}.`];
}

/** Reads `A OR (B AND C)`: all parts of one alternative must be allowed. Other syntax is not. */
function isAllowed(licence: string, allowed: ReadonlySet<string>): boolean {
  const plain = licence.replaceAll(/[()]/g, ' ').trim();
  if (plain !== licence.trim() && / AND .* OR | OR .* AND /.test(plain)) return false;
  return plain.split(/\s+OR\s+/).some((part) => part.split(/\s+AND\s+/).every((one) => allowed.has(one.trim())));
}

function licenceOf(root: string, path: string, { license }: LockedPackage): string | undefined {
  if (license !== undefined) return license;
  const manifest = join(root, path, 'package.json');
  if (!existsSync(manifest)) return undefined;
  const { license: one, licenses } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    license?: string | { type?: string };
    licenses?: readonly { type?: string }[];
  };
  return typeof one === 'string' ? one : (one?.type ?? licenses?.[0]?.type);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
