import { expect, test } from 'vitest';

import { MemoryLedger } from '../../support/memory-ledger.ts';
import {
  execute,
  again,
  attemptsOn,
  defect,
  done,
  endProcess,
  fresh,
  mustNotRun,
  noTroubles,
  settle,
  succeed,
} from './attempts-under-test.ts';

test('a start whose responses are lost counts once, so that no innocent request fails', async () => {
  const ledger = new MemoryLedger();
  ledger.lostResponses = 5;
  expect(await execute(attemptsOn(ledger), again('a'), succeed)).toEqual(done());
  expect(ledger.unended).toEqual({});
});

test('a start that is recorded when the channel closes is withdrawn', async () => {
  const ledger = new MemoryLedger();
  const lost = { gone: false };
  const begin = ledger.begin.bind(ledger);
  ledger.begin = async (...args) => {
    const earlier = await begin(...args);
    lost.gone = true;
    return earlier;
  };
  const executed = await execute(attemptsOn(ledger), { ...again('a'), channel: lost }, mustNotRun);
  expect(executed.execution.kind).toBe('abandoned');
  expect(ledger.unended).toEqual({});
});

test('while the ledger is unavailable the request waits, and consumption pauses until it responds', async () => {
  const [ledger, troubles] = [new MemoryLedger(), noTroubles()];
  ledger.unavailableCalls = 5;
  expect(await execute(attemptsOn(ledger, { troubles }), again('a'), succeed)).toEqual(done());
  expect(troubles).toEqual({ waiting: 0, mostWaiting: 1, retries: 5, uncounted: 0 });
});

test('a stop while the ledger is unavailable abandons the request and ends the pause', async () => {
  const [ledger, troubles] = [new MemoryLedger(), noTroubles()];
  ledger.unavailableCalls = Infinity;
  let pauses = 0;
  const pause = (): Promise<void> => {
    pauses += 1;
    return Promise.resolve();
  };
  const retryPolicy = { pause, abandoned: () => pauses >= 3 };
  const executed = await execute(attemptsOn(ledger, { limits: { retryPolicy }, troubles }), again('b'), mustNotRun);
  expect(executed.execution.kind).toBe('abandoned');
  expect(troubles).toMatchObject({ waiting: 0, mostWaiting: 1 });
});

test('a start that a stopping worker abandons is not counted', async () => {
  const ledger = new MemoryLedger();
  let abandoned = false;
  const retryPolicy = { pause: () => Promise.resolve(), abandoned: () => abandoned };
  const attempts = attemptsOn(ledger, { limits: { retryPolicy } });
  // Its call hangs at a database that does not respond.
  void execute(attempts, again('hangs'), endProcess);
  void execute(attempts, again('waits'), mustNotRun);
  await settle();
  expect(ledger.unended).toEqual({ hangs: 1 });
  abandoned = true;
  await attempts.release();
  expect(ledger.unended).toEqual({});
});

test('a broken ledger blocks no request; the uncounted attempts are reported', async () => {
  const [ledger, troubles] = [new MemoryLedger(), noTroubles()];
  ledger.broken = new Error('document failed validation');
  const attempts = attemptsOn(ledger, { troubles });
  expect(await execute(attempts, again('a'), succeed)).toEqual(done());
  expect(troubles).toEqual({ waiting: 0, mostWaiting: 0, retries: 0, uncounted: 2 });
  expect(await execute(attempts, fresh('b'), () => Promise.resolve(defect))).toMatchObject(defect);
  expect(troubles.uncounted).toBe(4);
});
