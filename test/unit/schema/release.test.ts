import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { contractProblems, isBreakingVersion } from '../../../scripts/schema/release.ts';
import { readSchema, SCHEMA_FILES, type SchemaFile } from '../../../src/schema.ts';

describe('the check of a release', () => {
  let root = '';
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** A repository with a release v1.2.0 and a present state. */
  function repository(present: Partial<Record<SchemaFile, string>>, version: string, tag?: string): string {
    root = mkdtempSync(join(tmpdir(), 'contract-'));
    const git = (...args: string[]): void => {
      const own = ['-c', 'user.name=t', '-c', 'user.email=t@localhost', '-c', 'commit.gpgsign=false'];
      execFileSync('git', [...own, ...args], { cwd: root, stdio: 'ignore' });
    };
    const manifest = (one: string): void => writeFileSync(join(root, 'package.json'), JSON.stringify({ version: one }));
    mkdirSync(join(root, 'schema'));
    for (const file of Object.values(SCHEMA_FILES)) cpSync(file, join(root, 'schema', basename(file)));
    manifest('1.2.0');
    git('init');
    git('add', '.');
    git('commit', '-m', 'release');
    if (tag !== undefined) git('tag', tag);
    for (const [file, text] of Object.entries(present)) {
      writeFileSync(join(root, 'schema', basename(SCHEMA_FILES[file as SchemaFile])), text);
    }
    manifest(version);
    return root;
  }

  const expired = '<xs:enumeration value="EXPIRED"/>';
  const withoutExpired = { xsd: readSchema('xsd').replace(expired, '') };

  test('names a breaking change in a minor version', async () => {
    const problems = await contractProblems(repository(withoutExpired, '1.3.0', 'v1.2.0'));
    expect(problems).toContain('since v1.2.0');
    expect(problems).toContain('FailureCode: the value EXPIRED is removed');
  });

  test('allows it in a major version', async () => {
    expect(await contractProblems(repository(withoutExpired, '2.0.0', 'v1.2.0'))).toBe('');
  });

  test('is content with the same contract, and where there is no release', async () => {
    expect(await contractProblems(repository({}, '1.2.1', 'v1.2.0'))).toBe('');
    rmSync(root, { recursive: true });
    expect(await contractProblems(repository(withoutExpired, '1.2.1'))).toBe('');
  });

  test.each([
    ['1.2.3', '1.3.0', false],
    ['1.2.3', '2.0.0', true],
    ['0.1.0', '0.1.1', false],
    ['0.1.0', '0.2.0', true],
    ['0.9.0', '1.0.0', true],
  ])('from %s to %s: %s', (earlier, present, isBreaking) => {
    expect(isBreakingVersion(earlier, present)).toBe(isBreaking);
  });
});
