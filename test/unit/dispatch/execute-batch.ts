import { expect } from 'vitest';

import type { AttemptTerms } from '../../../src/dispatch/batch-execution.ts';
import type { DispatchEvents } from '../../../src/dispatch/events.ts';
import { MethodExecution } from '../../../src/dispatch/method-execution.ts';
import type { Execution } from '../../../src/protocol/execution.ts';
import type { Method, Work } from '../../../src/protocol/method.ts';
import type { ResponseEnvelope } from '../../../src/protocol/response.ts';

/** Three works with distinct keys. */
export const batch = [1, 2, 3].map((command): Work<number> => ({ command, key: { id: `k${command}` } }));

/** A method that executes by calling `execute`. */
export function method(
  execute: (batch: readonly Work<number>[]) => readonly (ResponseEnvelope | Error)[],
): Method<number> {
  return {
    name: 'test.method',
    read: () => ({ valid: true, command: 0 }),
    execute: (works) => new Promise((resolve) => resolve(execute(works))),
  };
}

/** Terms of three attempts, without real pauses. */
export function limits(abandonedAfter = Infinity): AttemptTerms & { pauses: number[] } {
  const pauses: number[] = [];
  const pause = (failures: number): Promise<void> => {
    pauses.push(failures);
    return Promise.resolve();
  };
  const retryPolicy = { pause, abandoned: () => pauses.length >= abandonedAfter };
  return { maxAttempts: 3, pauses, retryPolicy, now: () => 1_000 };
}

/** Executes a batch until each item is reported. */
export async function runBatch(
  tested: Method<number>,
  works: readonly Work<number>[],
  terms: AttemptTerms,
  dispatchEvents: DispatchEvents,
  attemptsBefore?: number,
): Promise<readonly Execution[]> {
  const executions: Execution[] = [];
  const run = new MethodExecution(tested, terms, dispatchEvents);
  const resolvers: (() => void)[] = [];
  const reported = works.map((_, at) => new Promise<void>((resolve) => (resolvers[at] = resolve)));
  await run.run(
    works,
    (at, execution) => {
      expect(executions[at]).toBeUndefined();
      executions[at] = execution;
      resolvers[at]?.();
    },
    attemptsBefore,
  );
  await Promise.all(reported);
  return executions;
}
