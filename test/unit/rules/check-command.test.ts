import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { sandbox } from './sandbox.ts';

/** Everything that `npm run check` is made of. */
const COPIED = [
  'scripts/check.ts',
  ...['checks', 'documents', 'import-rules', 'licences', 'line-width', 'markdown'].map(rule),
  ...['portable-text', 'project-files', 'test-summary', 'threat-model', 'tool'].map(rule),
  'test/support/tier-reporter.ts',
];

function rule(name: string): string {
  return `scripts/rules/${name}.ts`;
}

const MANIFEST = {
  name: 'sandbox',
  type: 'module',
  private: true,
  scripts: { test: 'vitest run', check: 'node scripts/check.ts' },
  devDependencies: { '@types/node': '*', vitest: '*' },
};

const TEST_FILE = `import { expect, test } from 'vitest';
import { greeting } from '../../src/protocol/greeting.ts';

test('is polite', () => {
  expect(greeting).toBe('hello');
});

test('greetings are short', () => {
  expect(greeting).toHaveLength(LENGTH);
});
`;

const SKIPPING = `import { expect, test } from 'vitest';

test('needs what is not here', (context) => {
  context.skip('not installed');
  expect(1).toBe(2);
});
`;

const TEST_SETTINGS = `import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { reporters: ['default', './test/support/tier-reporter.ts'] } });
`;

/** Runs `npm run check` in a small project with two tests. */
function check(length: number, planted: Record<string, string> = {}) {
  const files = {
    'package.json': `${JSON.stringify(MANIFEST, undefined, 2)}\n`,
    'vitest.config.ts': TEST_SETTINGS,
    'test/unit/greeting.test.ts': TEST_FILE.replace('LENGTH', String(length)),
    ...planted,
  };
  const { VITEST: _, ...environment } = process.env;
  const run = spawnSync('npm', ['run', 'check'], { cwd: sandbox(files, COPIED), env: environment, encoding: 'utf8' });
  return { exitCode: run.status, output: run.stdout, lines: run.stdout.split('\n') };
}

test('all checks and tests pass: the last line has the number of tests', { timeout: 120_000 }, () => {
  const { exitCode, output, lines } = check(5, { 'test/unit/skipping.test.ts': SKIPPING });
  expect(output).not.toContain('FAILED');
  expect(output).toContain('2 passed, 0 failed, 1 skipped, in 2 files');
  expect(lines.filter((line) => line.startsWith('ok '))).toHaveLength(12);
  expect(lines.at(-2)).toBe('2 passed, 0 failed');
  expect(exitCode).toBe(0);
});

test('a failing test fails the command and is counted', { timeout: 120_000 }, () => {
  const { exitCode, lines } = check(6);
  expect(lines).toContain('1 passed, 1 failed');
  expect(exitCode).toBe(1);
});

test('a failing check stops the command, with its output and before any test', { timeout: 120_000 }, () => {
  const { exitCode, output, lines } = check(5, { 'src/protocol/wrong.ts': 'export const wrong: number = null;\n' });
  expect(lines.some((line) => line.startsWith('FAILED types'))).toBe(true);
  expect(output).toContain('src/protocol/wrong.ts(1,14)');
  expect(output).not.toContain('passed');
  expect(exitCode).toBe(1);
});
