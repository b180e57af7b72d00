/** The part of vitest's JSON report that is read. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly TestFile[];
}

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

/** The outcome of a test run. */
export interface TestSummary {
  /** What the numbers alone do not show. */
  readonly notes: readonly string[];
  /** `N passed, N failed`, as the build server parses it. */
  readonly closingLine: string;
  readonly succeeded: boolean;
}

/**
 * Counts a test run. A file that failed outside its tests (it did not load, a hook failed) counts
 * as one failure, and so does a run that failed without a failed test, so that "0 failed" always
 * means success.
 */
export function summaryOf(report: TestReport | undefined, exitCode: number): TestSummary {
  const { numPassedTests: passed, numFailedTests, testResults } = report ?? NOTHING;
  const broken = testResults.filter(failedOutsideTests);
  const notes = broken.map((file) => `Counted as failed: ${file.name}, which failed outside its tests.`);
  const failed = numFailedTests + broken.length;
  if (failed > 0 || (exitCode === 0 && passed > 0)) return summary(notes, passed, failed);
  const what = report === undefined ? 'left no report' : passed === 0 ? 'had no tests' : 'had no failed test';
  return summary(
    [`Counted as failed: the run as a whole, which ${what} and ended with exit code ${exitCode}.`],
    passed,
    1,
  );
}

const NOTHING: TestReport = { numPassedTests: 0, numFailedTests: 0, testResults: [] };

function failedOutsideTests(file: TestFile): boolean {
  return file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
}

function summary(notes: readonly string[], passed: number, failed: number): TestSummary {
  return { notes, closingLine: `${passed} passed, ${failed} failed`, succeeded: failed === 0 };
}
