import { expect, test } from 'vitest';

import type { DispatchEvents } from '../../../src/dispatch/events.ts';
import { MethodExecution } from '../../../src/dispatch/method-execution.ts';
import type { Method } from '../../../src/protocol/method.ts';
import { ok } from '../../../src/protocol/response.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';
import { batch, limits, method, runBatch } from './execute-batch.ts';

const retries: string[] = [];
let waiting = 0;
const events: DispatchEvents = {
  retry: (_, reason) => retries.push(reason),
  waiting: (change) => (waiting += change),
  circuit: () => undefined,
  failing: () => undefined,
};

test('an unknown outcome executes the same batch with the same keys again, without counting attempts', async () => {
  const seen: string[][] = [];
  const executions = await runBatch(
    method((works) => {
      seen.push(works.map(({ key }) => key.id));
      expect(waiting).toBe(seen.length === 1 ? 0 : 1);
      if (seen.length <= 7) throw new UnavailableError('away');
      return works.map(() => ok());
    }),
    batch,
    limits(),
    events,
  );
  expect(waiting).toBe(0);
  expect(seen).toHaveLength(8);
  expect(new Set(seen.map(String))).toEqual(new Set(['k1,k2,k3']));
  expect(executions.map((e) => e.kind === 'done' && e.attempts)).toEqual([1, 1, 1]);
});

test('one bad item does not fail its neighbours, and has its allowed attempts alone', async () => {
  let attemptsOf2 = 0;
  const executions = await runBatch(
    method((works) => {
      if (works.some(({ command }) => command === 2)) {
        if (works.length === 1) attemptsOf2 += 1;
        throw new Error(`broken ${attemptsOf2}`);
      }
      return works.map(() => ok());
    }),
    batch,
    limits(),
    events,
  );
  expect(executions.map(({ kind }) => kind)).toEqual(['done', 'defect', 'done']);
  expect(attemptsOf2).toBe(3);
  expect(executions[1]).toMatchObject({ attempts: 3, first: { message: 'broken 1' }, last: { message: 'broken 3' } });
  expect(retries).toContain('isolated');
});

test('a wrong number of results is a defect, not an answer to another request', async () => {
  const executions = await runBatch(
    method((works) => (works.length > 1 ? [ok()] : [])),
    batch,
    limits(),
    events,
  );
  expect(executions.map(({ kind }) => kind)).toEqual(['defect', 'defect', 'defect']);
});

test('a stop while the store is unavailable abandons the batch instead of failing it', async () => {
  const executions = await runBatch(
    method(() => {
      throw new UnavailableError('away');
    }),
    batch,
    limits(4),
    events,
  );
  expect(executions).toEqual([{ kind: 'abandoned' }, { kind: 'abandoned' }, { kind: 'abandoned' }]);
});

test('an expired request is not executed: it gets the answer of its earlier copy, or EXPIRED; its neighbours run', async () => {
  const executed: number[] = [];
  const works = [500, undefined, 999, 1_000].map((deadline, command) => ({
    command,
    key: { id: `k${command}` },
    ...(deadline !== undefined && { deadline }),
  }));
  const earlier = ok([{ name: 'was', content: 'done' }]);
  const withRecall: Method<number> = {
    ...method((inTime) => {
      executed.push(...inTime.map(({ command }) => command));
      return inTime.map(() => ok());
    }),
    findEarlierOutcomes: (late) => Promise.resolve(late.map(({ command }) => (command === 2 ? earlier : undefined))),
  };
  const executions = await runBatch(withRecall, works, limits(), events);
  expect(executed).toEqual([1, 3]);
  expect(executions.map((e) => e.kind === 'done' && e.response)).toMatchObject([
    { status: 'fail', faults: [{ code: 'EXPIRED' }] },
    ok(),
    earlier,
    ok(),
  ]);
});

test('a deadline that passes while the outcome is unknown is not checked again', async () => {
  let now = 900;
  let tries = 0;
  const work = { command: 1, key: { id: 'k' }, deadline: 1_000 };
  const executions = await runBatch(
    method((works) => {
      tries += 1;
      now = 2_000;
      if (tries === 1) throw new UnavailableError('unknown');
      return works.map(() => ok());
    }),
    [work],
    { ...limits(), now: () => now },
    events,
  );
  expect(executions).toMatchObject([{ kind: 'done', response: { status: 'ok' } }]);
});

test('attempts of earlier deliveries count', async () => {
  const executions = await runBatch(
    method(() => {
      throw new Error('broken');
    }),
    batch.slice(0, 1),
    limits(),
    events,
    2,
  );
  expect(executions).toMatchObject([{ kind: 'defect', attempts: 3 }]);
});

test('an item defect fails that item at once, and the same call answers its neighbours', async () => {
  const [calls, batches] = [retries.length, [] as number[]];
  const executions = await runBatch(
    method((works) => {
      batches.push(works.length);
      return works.map(({ command }) => (command === 2 ? new Error('broken document') : ok()));
    }),
    batch,
    limits(),
    events,
  );
  expect(executions.map(({ kind }) => kind)).toEqual(['done', 'defect', 'done']);
  expect(executions[1]).toMatchObject({ attempts: 1, last: { message: 'broken document' } });
  expect([batches, retries.length]).toEqual([[3], calls]);
});

test('isolated items are reported as each ends, not with the slowest, and occupy no slot', async () => {
  const slow: (() => void)[] = [];
  const told: number[] = [];
  const run = new MethodExecution<number>(
    {
      ...method(() => []),
      execute: async (works) => {
        if (works.length > 1) throw new Error('together it takes too long');
        if (works[0]?.command === 1) await new Promise<void>((resolve) => slow.push(resolve));
        return works.map(() => ok());
      },
    },
    limits(),
    events,
  );
  await run.run(batch, (at) => told.push(at));
  await expect.poll(() => told).toEqual([1, 2]);
  slow.forEach((end) => end());
  await expect.poll(() => told).toEqual([1, 2, 0]);
});
