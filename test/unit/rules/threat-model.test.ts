import { expect, test } from 'vitest';

import { CHECKS } from '../../../scripts/rules/checks.ts';
import { threatProblems } from '../../../scripts/rules/threat-model.ts';
import { sandbox } from './sandbox.ts';

const FILE = 'test/unit/a.test.ts';
const SOURCE = `test('a line\\'s test', () => undefined);\ntest.each([1])(\n  'each %s',\n  () => undefined,\n);\n// test gone\n`;

function page(...cells: readonly string[]): Record<string, string> {
  const rows = cells.map((cell) => `| threat | remedy | ${cell} |\n`).join('');
  return { 'docs/threat-model.md': `| a | b |\n| - | - |\n| c | d |\n\n| x | y | shown by |\n| - | - | - |\n${rows}` };
}

const problems = (planted: Record<string, string>): string[] => threatProblems(sandbox({ [FILE]: SOURCE, ...planted }));

test('lines that name existing tests are accepted', () => {
  expect(problems(page(`\`${FILE}\`: "a line's test"`, `\`${FILE}\`: "each %s"`))).toEqual([]);
});

test.each([
  ['no test', 'code review', 'no-test: docs/threat-model.md:7'],
  ['a missing file', '`test/unit/b.test.ts`: "each %s"', 'missing-test: docs/threat-model.md:7'],
  ['a missing title', `\`${FILE}\`: "gone"`, 'missing-test: docs/threat-model.md:7'],
  ['one of two missing', `\`${FILE}\`: "each %s", \`${FILE}\`: "other"`, 'missing-test: docs/threat-model.md:7'],
])('a line with %s is found', async (_, cell, problem) => {
  expect(problems(page(cell)).join('')).toContain(problem);
  const check = CHECKS.find(({ name }) => name === 'threat model');
  expect(await check?.problems(sandbox({ [FILE]: SOURCE, ...page(cell) }))).toContain(problem);
});

test('a page without such a table is found', () => {
  expect(problems({ 'docs/threat-model.md': '# Threats\n' }).join('')).toContain('no-tests');
});
