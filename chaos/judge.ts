import { check } from './checker/check.ts';
import { judgeCommand } from './checker/judge.ts';
import type { Entry, FinalState } from './journal.ts';
import { LIST_PAGE_SIZE } from './load/requests.ts';
import type { Violation } from './report.ts';
import type { RunRecord } from './run.ts';

/**
 * Returns all violations: what the checker finds in the journal, and the problems that the suite
 * itself recorded.
 */
export async function violationsOf(record: RunRecord): Promise<readonly Violation[]> {
  const { journal, final, problems, workers, queues, faults } = record;
  // Several workers keep the order only where each queue has one active consumer.
  const queueOrder = queues > 1 || (workers === 1 && faults.length === 0);
  const violations = await violationsIn(journal.inOrder(), final, { queueOrder });
  return [...problems.map((detail): Violation => ({ invariant: 'suite', detail })), ...violations];
}

/** Returns what the checker finds in the suite's load. */
export async function violationsIn(
  entries: readonly Entry[],
  final: FinalState,
  { queueOrder }: { readonly queueOrder: boolean },
): Promise<readonly Violation[]> {
  const { violations } = await check(entries, final, {
    judge: await judgeCommand(),
    queueOrder,
    listPageSize: LIST_PAGE_SIZE,
    // A redelivered read is executed again; its answer then shows the later state.
    readsMayDiffer: true,
  });
  return violations;
}
