import { expect, test } from 'vitest';
import { summaryOf, type TestReport } from '../../../scripts/rules/test-summary.ts';

const file = (name: string, status: string, ...tests: string[]): TestReport['testResults'][number] => ({
  name,
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

const report = (
  numPassedTests: number,
  numFailedTests: number,
  ...testResults: TestReport['testResults']
): TestReport => ({
  numPassedTests,
  numFailedTests,
  testResults,
});

test('a successful run is described by its numbers alone', () => {
  expect(summaryOf(report(12, 0, file('a', 'passed', 'passed')), 0)).toEqual({
    notes: [],
    closingLine: '12 passed, 0 failed',
    succeeded: true,
  });
});

test('failed tests are counted once', () => {
  const summary = summaryOf(report(3, 2, file('a', 'failed', 'failed', 'passed'), file('b', 'failed', 'failed')), 1);
  expect(summary).toEqual({ notes: [], closingLine: '3 passed, 2 failed', succeeded: false });
});

test.each([
  ['a file that did not load', report(3, 0, file('a', 'failed')), 1, '3 passed, 1 failed'],
  ['a hook that failed after passed tests', report(3, 0, file('a', 'failed', 'passed')), 1, '3 passed, 1 failed'],
  [
    'a file that did not load beside a failed test',
    report(3, 1, file('a', 'failed'), file('b', 'failed', 'failed')),
    1,
    '3 passed, 2 failed',
  ],
  ['an error beside passed tests', report(3, 0, file('a', 'passed', 'passed')), 1, '3 passed, 1 failed'],
  ['a run without tests', report(0, 0), 0, '0 passed, 1 failed'],
  ['a run without report', undefined, 0, '0 passed, 1 failed'],
])('%s counts as failed, with a note', (_, given, exitCode, closingLine) => {
  const summary = summaryOf(given, exitCode);
  expect(summary).toMatchObject({ closingLine, succeeded: false });
  expect(summary.notes).toHaveLength(1);
});
