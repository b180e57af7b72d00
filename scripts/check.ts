import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CHECKS } from './rules/checks.ts';
import { summaryOf, type TestReport } from './rules/test-summary.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REPORT = '.cache/test-report.json';

/** Runs the checks until one fails; resolves with whether all passed. */
async function checked(): Promise<boolean> {
  for (const { name, problems } of CHECKS) {
    const before = performance.now();
    const found = await problems(ROOT);
    const seconds = ((performance.now() - before) / 1000).toFixed(1);
    console.log(`${found === '' ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
    if (found !== '') {
      console.log(`\n${found.trim()}\n`);
      return false;
    }
  }
  return true;
}

/** Runs `npm test` and prints its numbers from its own report. Resolves with the exit code. */
async function tested(): Promise<number> {
  const report = join(ROOT, REPORT);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  // A report of an earlier run must not be mistaken for this one's.
  rmSync(report, { force: true });
  // The reporters of vitest.config.ts, and the one that is read here.
  const tiers = '--reporter=./test/support/tier-reporter.ts';
  const reporters = ['--reporter=default', tiers, '--reporter=json', `--outputFile.json=${REPORT}`];
  const exitCode = await new Promise<number>((resolve, reject) => {
    const child = spawn('npm', ['test', '--', ...reporters], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  const { notes, closingLine, succeeded } = summaryOf(reportAt(report), exitCode);
  for (const note of notes) console.log(note);
  console.log(closingLine);
  return succeeded ? 0 : 1;
}

function reportAt(path: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as TestReport;
  } catch {
    return undefined;
  }
}

process.exitCode = (await checked()) ? await tested() : 1;
