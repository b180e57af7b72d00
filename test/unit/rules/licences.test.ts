import { expect, test } from 'vitest';

import { CHECKS } from '../../../scripts/rules/checks.ts';
import { licenceProblems } from '../../../scripts/rules/licences.ts';
import { sandbox } from './sandbox.ts';

const PATH = 'node_modules/some-package';
const LIST = { allowed: ['MIT', 'ISC'], development: ['MPL-2.0'], exceptions: {} };

function problems(locked: object, exceptions: Record<string, string> = {}): string[] {
  const lock = { packages: { '': { license: 'X' }, [PATH]: locked } };
  const planted = {
    'package-lock.json': JSON.stringify(lock),
    'config/tools/licences.json': JSON.stringify({ ...LIST, exceptions }),
  };
  return licenceProblems(sandbox(planted));
}

test('a licence that is not allowed is found', async () => {
  expect(problems({ license: 'GPL-3.0-only' })).toEqual([
    `licence: ${PATH}\n  GPL-3.0-only is not allowed by config/tools/licences.json.`,
  ]);
  const lock = JSON.stringify({ packages: { [PATH]: { license: 'AGPL-3.0-only' } } });
  const check = CHECKS.find(({ name }) => name === 'licences');
  expect(await check?.problems(sandbox({ 'package-lock.json': lock }))).toContain('AGPL-3.0-only');
});

test.each([
  [{ license: 'MIT AND GPL-2.0-only' }],
  [{ license: 'MIT OR (ISC AND X) AND X' }],
  [{ license: 'MPL-2.0' }],
  [{ license: 'GPL-2.0-only OR LGPL-3.0-only', dev: true }],
  [{}],
])('%j is not allowed', (locked) => {
  expect(problems(locked)).toHaveLength(1);
});

test.each([
  [{ license: 'MIT' }],
  [{ license: '(MIT OR GPL-2.0-only)' }],
  [{ license: 'MIT AND ISC' }],
  [{ license: 'MPL-2.0', dev: true }],
])('%j is allowed', (locked) => {
  expect(problems(locked)).toEqual([]);
});

test('an exception is for one package and one licence, and must be needed', () => {
  expect(problems({ license: 'MPL-2.0' }, { 'some-package': 'MPL-2.0' })).toEqual([]);
  expect(problems({ license: 'GPL-3.0-only' }, { 'some-package': 'MPL-2.0' })).toHaveLength(1);
  expect(problems({ license: 'MIT' }, { other: 'MPL-2.0' })[0]).toContain('No package other');
});
