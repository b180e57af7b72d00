import { check } from './checker/check.ts';
import { judgeCommand } from './checker/judge.ts';
import { LIST_PAGE_SIZE } from './load/requests.ts';
import type { Violation } from './report.ts';
import type { RunRecord } from './run.ts';

/** All that must not be: what the checker finds in the journal, and what the suite saw itself. */
export async function violationsOf(record: RunRecord): Promise<readonly Violation[]> {
  const { journal, final, problems, workers, faults } = record;
  const verdict = await check(journal.inOrder(), final, {
    judge: await judgeCommand(),
    queueOrder: workers === 1 && faults.length === 0,
    listPageSize: LIST_PAGE_SIZE,
    // A read that is handed out again is read again; the answer is then that of the later moment.
    readsMayDiffer: true,
  });
  return [...problems.map((detail): Violation => ({ invariant: 'suite', detail })), ...verdict.violations];
}
