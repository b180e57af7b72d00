import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKS } from '../../../scripts/rules/checks.ts';
import { runTool } from '../../../scripts/rules/tool.ts';
import { sandbox } from './sandbox.ts';

const work = 'async function work(): Promise<void> {\n  await Promise.resolve();\n}\n';
const lines = (count: number, text: string): string => `${text}\n`.repeat(count);

/** For each important rule: a text that breaks it, and its file. */
const PLANTED: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['typescript(no-floating-promises)', 'src/floating.ts', `${work}export function run(): void {\n  work();\n}\n`],
  ['typescript(no-misused-promises)', 'src/misused.ts', `${work}[1].forEach(work);\n`],
  ['typescript(await-thenable)', 'src/thenable.ts', 'export const f = async (): Promise<number> => await 1;\n'],
  ['typescript(no-explicit-any)', 'src/any.ts', 'export const f = (value: any): number => 1;\n'],
  ['typescript(no-unsafe-assignment)', 'src/assigned.ts', 'export const value: string = JSON.parse("1");\n'],
  ['typescript(no-unsafe-call)', 'src/called.ts', 'JSON.parse("1")();\n'],
  ['typescript(no-unsafe-member-access)', 'src/member.ts', 'JSON.parse("1").a;\n'],
  ['typescript(no-unsafe-return)', 'src/returned.ts', 'export const f = (): string => JSON.parse("1");\n'],
  ['typescript(no-unsafe-argument)', 'src/argument.ts', 'Number.parseInt(JSON.parse("1"));\n'],
  ['typescript(no-non-null-assertion)', 'src/non-null.ts', 'export const f = (list: string[]): string => list[0]!;\n'],
  [
    'typescript(strict-boolean-expressions)',
    'src/truthy.ts',
    'export const f = (a?: string): number => (a ? 1 : 2);\n',
  ],
  [
    'typescript(switch-exhaustiveness-check)',
    'src/switch.ts',
    "export function f(a: 'b' | 'c'): void {\n  switch (a) {\n    case 'b':\n      break;\n  }\n}\n",
  ],
  ['typescript(only-throw-error)', 'src/thrown.ts', "export const f = (): never => {\n  throw 'text';\n};\n"],
  ['typescript(no-deprecated)', 'src/deprecated.ts', "export const a = 'text'.substr(1);\n"],
  ['typescript(ban-ts-comment)', 'src/comment.ts', '// @ts-ignore\nexport const a: number = 1;\n'],
  ['typescript(explicit-module-boundary-types)', 'src/boundary.ts', 'export const f = () => 1;\n'],
  ['eslint(no-console)', 'src/console.ts', 'console.log(1);\n'],
  ['eslint(no-restricted-globals)', 'src/process.ts', 'process.exit(1);\n'],
  ['eslint(no-restricted-imports)', 'src/process-module.ts', "import process from 'node:process';\nprocess.exit(1);\n"],
  [
    'eslint(no-param-reassign)',
    'src/reassigned.ts',
    'export function f(a: number): number {\n  a = 1;\n  return a;\n}\n',
  ],
  ['eslint(max-lines)', 'src/long.ts', lines(251, 'export {};')],
  ['eslint(max-lines-per-function)', 'src/long-function.ts', `export function f(): void {\n${lines(60, '  f();')}}\n`],
  [
    'eslint(complexity)',
    'src/complex.ts',
    `export function f(a: number): void {\n${lines(12, '  if (a > 1) f(1);')}}\n`,
  ],
  ['import(no-default-export)', 'src/default.ts', 'export default 1;\n'],
  ['oxc(no-barrel-file)', 'src/barrel.ts', "export * from './protocol/greeting.ts';\n"],
  [
    'vitest(no-focused-tests)',
    'test/focused.test.ts',
    "import { expect, test } from 'vitest';\ntest.only('a', () => expect(1).toBe(1));\n",
  ],
  [
    'vitest(no-disabled-tests)',
    'test/skipped.test.ts',
    "import { expect, test } from 'vitest';\ntest.skip('a', () => expect(1).toBe(1));\n",
  ],
  ['vitest(expect-expect)', 'test/empty.test.ts', "import { test } from 'vitest';\ntest('a', () => undefined);\n"],
  ['typescript(no-floating-promises)', 'test/floating.test.ts', `${work}work();\n`],
  ['eslint(max-lines)', 'test/long.test.ts', lines(251, 'export {};')],
];

test('every planted violation is found in its file', async () => {
  const folder = sandbox(Object.fromEntries(PLANTED.map(([, path, text]) => [path, text])));
  const { output } = await runTool(
    'oxlint',
    ['--config', 'config/tools/oxlint.json', '--format', 'unix', 'src', 'test'],
    folder,
  );
  const found = output
    .split('\n')
    .map((line) => /(?<path>(?:src|test)\/[^:]+):.*\[Error\/(?<rule>[^\]]+)\]$/.exec(line)?.groups);
  const missed = PLANTED.filter(
    ([rule, path]) => !found.some((each) => each?.['rule'] === rule && each['path'] === path),
  );
  expect(missed.map(([rule, path]) => `${rule} in ${path}`)).toEqual([]);
});

test('only the programs may use `process`, only scripts may print', async () => {
  const folder = sandbox({
    'src/main.ts': 'process.exitCode = 1;\n',
    'src/cli.ts': 'process.exitCode = 1;\n',
    'scripts/print.ts': 'console.log(process.pid);\n',
  });
  const { output } = await runTool(
    'oxlint',
    ['--config', 'config/tools/oxlint.json', '--format', 'unix', 'src', 'scripts'],
    folder,
  );
  expect(output).not.toContain('[Error/');
});

/** For rules that matter in the browser: a text of the page that breaks it. */
const PLANTED_IN_PAGE: readonly (readonly [rule: string, text: string])[] = [
  ['typescript(no-floating-promises)', "fetch('/api');\n"],
  ['typescript(no-misused-promises)', "addEventListener('click', async () => await fetch('/'));\n"],
  ['eslint(eqeqeq)', "export const f = (text) => text == 'a';\n"],
  ['eslint(no-console)', 'console.log(1);\n'],
  ['eslint(max-lines)', lines(251, 'void 0;')],
];

test.each(PLANTED_IN_PAGE)('the check finds %s in the page', async (rule, text) => {
  const shown = await lint?.problems(sandbox({ 'console/planted.js': text }));
  expect(shown).toContain('console/planted.js');
  expect(shown).toContain(rule);
});

const lint = CHECKS.find((check) => check.name === 'lint');

test('the check fails on a violation and shows it', async () => {
  const [rule, path, text] = PLANTED[0]!;
  const shown = await lint?.problems(sandbox({ [path]: text }));
  expect(shown).toContain(path);
  expect(shown).toContain(rule);
});

test('the check fails where files are not read', async () => {
  const folder = sandbox();
  writeFileSync(join(folder, '.gitignore'), 'protocol/\n');
  expect(await lint?.problems(folder)).toMatch(/only 4 of 5 files were read/);
});
