import { beforeEach, expect, test } from 'vitest';

import type { DispatchEvents } from '../../../src/dispatch/events.ts';
import type { Work } from '../../../src/protocol/method.ts';
import { ok } from '../../../src/protocol/response.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';
import { batch, limits, method, runBatch } from './execute-batch.ts';

let waiting: number;
const events: DispatchEvents = {
  retry: () => undefined,
  waiting: (change) => (waiting += change),
  circuit: () => undefined,
  failing: () => undefined,
};

beforeEach(() => {
  waiting = 0;
});

test.each([
  [1_764_230_400_122, ''],
  [1_764_230_400, '; the deadline looks like seconds, it has to be a number of milliseconds since 1970'],
  [30_000, '; the deadline looks like a duration, it has to be a number of milliseconds since 1970'],
])('EXPIRED reports the worker’s time, and what a deadline of %d looks like', async (deadline, hint) => {
  const late = [{ command: 1, key: { id: 'k' }, deadline }];
  const never = method(() => {
    throw new Error('executed');
  });
  const executions = await runBatch(never, late, { ...limits(), now: () => 1_764_230_400_123 }, events);
  const over = 'the deadline was over before the request was executed; nothing was changed';
  const message = `${over}; the worker's clock says 2025-11-27T08:00:00.123Z${hint}`;
  expect(executions).toMatchObject([{ response: { faults: [{ code: 'EXPIRED', message }] } }]);
});

test('an item whose channel has closed is neither executed nor retried; the others are', async () => {
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
      if (seen.length <= 2) throw new UnavailableError('away');
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

test('isolated items, and a lone item, do not start either after their channel has closed', async () => {
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
