import { expect, test } from 'vitest';

import { MemoryLedger } from '../../support/memory-ledger.ts';
import {
  again,
  attemptsOn,
  defect,
  done,
  endProcess,
  fresh,
  mustNotRun,
  nothingTold,
  settle,
  succeed,
} from './attempts-under-test.ts';

test('a start whose answers are lost counts once, so that nothing innocent is given up', async () => {
  const ledger = new MemoryLedger();
  ledger.lostResponses = 5;
  expect(await attemptsOn(ledger).run(again('a'), succeed)).toEqual(done());
  expect(ledger.unended).toEqual({});
});

test('a start that is recorded when the channel is lost is taken back', async () => {
  const ledger = new MemoryLedger();
  const lost = { gone: false };
  const begin = ledger.begin.bind(ledger);
  ledger.begin = async (...args) => {
    const earlier = await begin(...args);
    lost.gone = true;
    return earlier;
  };
  const performed = await attemptsOn(ledger).run({ ...again('a'), channel: lost }, mustNotRun);
  expect(performed.execution.kind).toBe('abandoned');
  expect(ledger.unended).toEqual({});
});

test('while the ledger is away the request waits, and the intake is held until the ledger answers', async () => {
  const [ledger, told] = [new MemoryLedger(), nothingTold()];
  ledger.unavailableCalls = 5;
  expect(await attemptsOn(ledger, { told }).run(again('a'), succeed)).toEqual(done());
  expect(told).toEqual({ waiting: 0, mostWaiting: 1, retries: 5, uncounted: 0 });
});

test('given up while the ledger is away, the request is abandoned and the intake no longer held', async () => {
  const [ledger, told] = [new MemoryLedger(), nothingTold()];
  ledger.unavailableCalls = Infinity;
  let pauses = 0;
  const pause = (): Promise<void> => {
    pauses += 1;
    return Promise.resolve();
  };
  const patience = { pause, abandoned: () => pauses >= 3 };
  const performed = await attemptsOn(ledger, { limits: { patience }, told }).run(again('b'), mustNotRun);
  expect(performed.execution.kind).toBe('abandoned');
  expect(told).toMatchObject({ waiting: 0, mostWaiting: 1 });
});

test('a start that a stopping worker gives up is not counted', async () => {
  const ledger = new MemoryLedger();
  let abandoned = false;
  const patience = { pause: () => Promise.resolve(), abandoned: () => abandoned };
  const attempts = attemptsOn(ledger, { limits: { patience } });
  // It hangs at a database that does not answer.
  void attempts.run(again('hangs'), endProcess);
  void attempts.run(again('waits'), mustNotRun);
  await settle();
  expect(ledger.unended).toEqual({ hangs: 1 });
  abandoned = true;
  await attempts.release();
  expect(ledger.unended).toEqual({});
});

test('a ledger that is broken holds nobody; what it should have counted is told', async () => {
  const [ledger, told] = [new MemoryLedger(), nothingTold()];
  ledger.broken = new Error('document failed validation');
  const attempts = attemptsOn(ledger, { told });
  expect(await attempts.run(again('a'), succeed)).toEqual(done());
  expect(told).toEqual({ waiting: 0, mostWaiting: 0, retries: 0, uncounted: 2 });
  expect(await attempts.run(fresh('b'), () => Promise.resolve(defect))).toMatchObject(defect);
  expect(told.uncounted).toBe(4);
});
