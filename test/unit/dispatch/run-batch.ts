import { expect } from 'vitest';

import type { TryLimits } from '../../../src/dispatch/batch-run.ts';
import type { DispatchEvents } from '../../../src/dispatch/events.ts';
import { MethodRun } from '../../../src/dispatch/method-run.ts';
import type { Execution } from '../../../src/protocol/execution.ts';
import type { Method, Work } from '../../../src/protocol/method.ts';

/** Runs a batch until each item was told. */
export async function runBatch(
  tested: Method<number>,
  works: readonly Work<number>[],
  tryLimits: TryLimits,
  dispatchEvents: DispatchEvents,
  attemptsBefore?: number,
): Promise<readonly Execution[]> {
  const executions: Execution[] = [];
  const run = new MethodRun(tested, tryLimits, dispatchEvents);
  const tellings: (() => void)[] = [];
  const told = works.map((_, at) => new Promise<void>((resolve) => (tellings[at] = resolve)));
  await run.run(
    works,
    (at, execution) => {
      expect(executions[at]).toBeUndefined();
      executions[at] = execution;
      tellings[at]?.();
    },
    attemptsBefore,
  );
  await Promise.all(told);
  return executions;
}
