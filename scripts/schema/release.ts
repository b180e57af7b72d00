import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { asyncApiChanges } from './asyncapi-changes.ts';
import type { Changes } from './changes.ts';
import { xsdChanges } from './xsd-changes.ts';

const git = async (root: string, ...args: readonly string[]): Promise<string | undefined> => {
  try {
    return (await promisify(execFile)('git', args, { cwd: root })).stdout;
  } catch {
    return undefined;
  }
};

/**
 * The newest tag of a release (`v1.2.3`) that the present commit comes from; `undefined` where
 * there is none.
 */
export async function lastRelease(root: string): Promise<string | undefined> {
  return (await git(root, 'describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*'))?.trim();
}

/**
 * How the contract in the folder `root` differs from that of a commit, and whether the version
 * allows it.
 */
export interface ContractChanges extends Changes {
  readonly since: string;
  /** A breaking change needs a new major version; below 1.0.0, a new minor one. */
  readonly isBreakingAllowed: boolean;
}

/** Compares the files in `root` with those of a commit; `undefined` where it has no contract. */
export async function contractChanges(root: string, commit: string): Promise<ContractChanges | undefined> {
  const at = (path: string): Promise<string | undefined> => git(root, 'show', `${commit}:${path}`);
  const here = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
  const [xsd, asyncapi, manifest] = [await at(XSD), await at(ASYNCAPI), await at('package.json')];
  if (xsd === undefined || asyncapi === undefined) return undefined;
  const ofXsd = xsdChanges(xsd, await here(XSD));
  const ofApi = await asyncApiChanges(asyncapi, await here(ASYNCAPI));
  return {
    since: commit,
    breaking: [...ofXsd.breaking, ...ofApi.breaking],
    additions: [...ofXsd.additions, ...ofApi.additions],
    isBreakingAllowed: isBreakingVersion(versionIn(manifest ?? '{}'), versionIn(await here('package.json'))),
  };
}

const XSD = 'schema/contacts.xsd';
const ASYNCAPI = 'schema/asyncapi.yaml';

function versionIn(manifest: string): string {
  return (JSON.parse(manifest) as { version?: string }).version ?? '0.0.0';
}

/** Whether semantic versioning allows breaking changes from one version to the other. */
export function isBreakingVersion(earlier: string, present: string): boolean {
  const [[oldMajor = 0, oldMinor = 0], [major = 0, minor = 0]] = [numbersOf(earlier), numbersOf(present)];
  return major > oldMajor || (major === 0 && oldMajor === 0 && minor > oldMinor);
}

function numbersOf(version: string): number[] {
  return version.split('.').map(Number);
}

/**
 * The breaking changes since the last release that the version does not allow; empty where there
 * are none.
 */
export async function contractProblems(root: string): Promise<string> {
  const release = await lastRelease(root);
  if (release === undefined) return '';
  const changes = await contractChanges(root, release);
  if (changes === undefined || changes.isBreakingAllowed || changes.breaking.length === 0) return '';
  return `breaking changes of the contract since ${release}; they need a new major version:\n${changes.breaking.join('\n')}`;
}
