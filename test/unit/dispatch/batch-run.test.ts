import { expect, test } from 'vitest';

import type { TryLimits } from '../../../src/dispatch/batch-run.ts';
import type { DispatchEvents } from '../../../src/dispatch/events.ts';
import { MethodRun } from '../../../src/dispatch/method-run.ts';
import type { Method, Work } from '../../../src/protocol/method.ts';
import { ok, type ResponseEnvelope } from '../../../src/protocol/response.ts';
import { Unavailable } from '../../../src/protocol/unavailable.ts';
import { runBatch } from './run-batch.ts';

const batch = [1, 2, 3].map((command): Work<number> => ({ command, key: { id: `k${command}` } }));

function method(execute: (batch: readonly Work<number>[]) => readonly (ResponseEnvelope | Error)[]): Method<number> {
  return {
    name: 'test.method',
    read: () => ({ valid: true, command: 0 }),
    execute: (works) => new Promise((resolve) => resolve(execute(works))),
  };
}

function limits(abandonedAfter = Infinity): TryLimits & { pauses: number[] } {
  const pauses: number[] = [];
  const pause = (failures: number): Promise<void> => {
    pauses.push(failures);
    return Promise.resolve();
  };
  const patience = { pause, abandoned: () => pauses.length >= abandonedAfter };
  return { maxAttempts: 3, pauses, patience, now: () => 1_000 };
}

const retries: string[] = [];
let waiting = 0;
const events: DispatchEvents = {
  retry: (_, reason) => retries.push(reason),
  waiting: (change) => (waiting += change),
  braked: () => undefined,
  failing: () => undefined,
};

test('an unknown outcome runs the same batch with the same keys again, without counting attempts', async () => {
  const seen: string[][] = [];
  const executions = await runBatch(
    method((works) => {
      seen.push(works.map(({ key }) => key.id));
      expect(waiting).toBe(seen.length === 1 ? 0 : 1);
      if (seen.length <= 7) throw new Unavailable('away');
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

test('one bad item does not fail its neighbours, and is tried alone as often as allowed', async () => {
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

test('a wrong number of results is a defect, not an answer to somebody else', async () => {
  const executions = await runBatch(
    method((works) => (works.length > 1 ? [ok()] : [])),
    batch,
    limits(),
    events,
  );
  expect(executions.map(({ kind }) => kind)).toEqual(['defect', 'defect', 'defect']);
});

test('a stop while the store is away abandons the batch instead of failing it', async () => {
  const executions = await runBatch(
    method(() => {
      throw new Unavailable('away');
    }),
    batch,
    limits(4),
    events,
  );
  expect(executions).toEqual([{ kind: 'abandoned' }, { kind: 'abandoned' }, { kind: 'abandoned' }]);
});

test('what is past its deadline is not executed: its earlier answer is recalled, or it is EXPIRED; its neighbours run', async () => {
  const executed: number[] = [];
  const works = [500, undefined, 999, 1_000].map((deadline, command) => ({
    command,
    key: { id: `k${command}` },
    ...(deadline !== undefined && { deadline }),
  }));
  const recalled = ok([{ name: 'was', content: 'done' }]);
  const withRecall: Method<number> = {
    ...method((inTime) => {
      executed.push(...inTime.map(({ command }) => command));
      return inTime.map(() => ok());
    }),
    recall: (late) => Promise.resolve(late.map(({ command }) => (command === 2 ? recalled : undefined))),
  };
  const executions = await runBatch(withRecall, works, limits(), events);
  expect(executed).toEqual([1, 3]);
  expect(executions.map((e) => e.kind === 'done' && e.response)).toMatchObject([
    { status: 'fail', faults: [{ code: 'EXPIRED' }] },
    ok(),
    recalled,
    ok(),
  ]);
});

test('a deadline that passes while the outcome is unknown is not looked at again', async () => {
  let now = 900;
  let tries = 0;
  const work = { command: 1, key: { id: 'k' }, deadline: 1_000 };
  const executions = await runBatch(
    method((works) => {
      tries += 1;
      now = 2_000;
      if (tries === 1) throw new Unavailable('unknown');
      return works.map(() => ok());
    }),
    [work],
    { ...limits(), now: () => now },
    events,
  );
  expect(executions).toMatchObject([{ kind: 'done', response: { status: 'ok' } }]);
});

test('attempts that were used up before count', async () => {
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

test('an item that cannot be served fails at once, alone, and its neighbours are answered by the same call', async () => {
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

test('those of a batch that failed are told when they are done, not with the slowest, and hold no slot', async () => {
  const slow: (() => void)[] = [];
  const told: number[] = [];
  const run = new MethodRun<number>(
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

test.each([
  [1_764_230_400_122, ''],
  [1_764_230_400, '; the deadline looks like seconds, it has to be a number of milliseconds since 1970'],
  [30_000, '; the deadline looks like a duration, it has to be a number of milliseconds since 1970'],
])('EXPIRED tells the worker’s time, and what a deadline of %d looks like', async (deadline, hint) => {
  const late = [{ command: 1, key: { id: 'k' }, deadline }];
  const never = method(() => {
    throw new Error('executed');
  });
  const executions = await runBatch(never, late, { ...limits(), now: () => 1_764_230_400_123 }, events);
  const over = 'the deadline was over before the request was executed; nothing was changed';
  const message = `${over}; the worker's clock says 2025-11-27T08:00:00.123Z${hint}`;
  expect(executions).toMatchObject([{ response: { faults: [{ code: 'EXPIRED', message }] } }]);
});

test('what has come over a channel that is gone is not run, nor run again; the others are', async () => {
  const [before, meanwhile] = [{ gone: true }, { gone: false }];
  const works = [before, meanwhile, undefined].map((channel, command): Work<number> => ({
    command,
    key: { id: `k${command}` },
    channel,
  }));
  const seen: string[] = [];
  const executions = await runBatch(
    method((some) => {
      seen.push(some.map(({ key }) => key.id).join());
      meanwhile.gone = true;
      if (seen.length <= 2) throw new Unavailable('away');
      return some.map(() => ok());
    }),
    works,
    limits(),
    events,
  );
  expect(seen).toEqual(['k1,k2', 'k2', 'k2']);
  expect(executions.map(({ kind }) => kind)).toEqual(['abandoned', 'abandoned', 'done']);
  expect(waiting).toBe(0);
});

test('items that are tried alone, and one that is alone, are not started either once their channel is gone', async () => {
  const channel = { gone: false };
  let tries = 0;
  const failing = method(() => {
    tries += 1;
    channel.gone = true;
    throw new Error('broken');
  });
  for (const works of [batch, batch.slice(0, 1)]) {
    [tries, channel.gone] = [0, false];
    const executions = await runBatch(
      failing,
      works.map((work) => ({ ...work, channel })),
      limits(),
      events,
    );
    expect(tries).toBe(1);
    expect(new Set(executions.map(({ kind }) => kind))).toEqual(new Set(['abandoned']));
  }
});
