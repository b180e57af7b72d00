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
  settle,
  succeed,
} from './attempts-under-test.ts';

test('a failure for good is the same at the next delivery, without another run, at whichever worker', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger);
  await attempts.run(fresh('a'), succeed);
  await attempts.run(fresh('a'), () => Promise.resolve(defect));
  for (const worker of [attempts, attemptsOn(ledger), attemptsOn(ledger)]) {
    expect(await worker.run(again('a'), mustNotRun)).toMatchObject({
      method: 'm',
      execution: { kind: 'defect', attempts: 3, first: { message: 'one' }, last: { message: 'two' } },
    });
  }
});

test('a failure is forgotten with its message: what is sent once more and succeeds is never answered by it', async () => {
  const ledger = new MemoryLedger();
  const failed = await attemptsOn(ledger).run(fresh('a'), () => Promise.resolve(defect));
  failed.acknowledged?.();
  await settle();
  expect(ledger.unended).toEqual({});
  // Sent again, and its acknowledgement lost with its worker.
  expect(await attemptsOn(ledger).run(fresh('a'), succeed)).toEqual(done());
  expect(await attemptsOn(ledger).run(again('a'), succeed)).toEqual(done());
});

test('the same holds for a failure that was found on record, and for starts that ended their process', async () => {
  const ledger = new MemoryLedger();
  await attemptsOn(ledger).run(again('failed'), () => Promise.resolve(defect));
  for (let process = 0; process < 3; process += 1) {
    void attemptsOn(ledger).run(again('deadly'), endProcess);
    await settle();
  }
  for (const id of ['failed', 'deadly']) {
    const performed = await attemptsOn(ledger).run(again(id), mustNotRun);
    expect(performed.execution.kind).toBe('defect');
    performed.acknowledged?.();
    await settle();
    expect(await attemptsOn(ledger).run(again(id), succeed)).toEqual(done());
  }
});

test('what is forgotten of one message takes no start away from a copy that is under way elsewhere', async () => {
  const ledger = new MemoryLedger();
  const failed = await attemptsOn(ledger).run(again('a'), () => Promise.resolve(defect));
  await ledger.end('a', (await ledger.begin('a', 'look', 9)).starts);
  void attemptsOn(ledger).run(again('a'), endProcess);
  await settle();
  failed.acknowledged?.();
  await settle();
  expect(ledger.unended).toEqual({ a: 1 });
});

test('a failure whose channel is lost before it is recorded is left to the redelivery', async () => {
  const ledger = new MemoryLedger();
  const lost = { gone: false };
  ledger.unavailableCalls = 3;
  const pause = (): Promise<void> => {
    lost.gone = true;
    return Promise.resolve();
  };
  const attempts = attemptsOn(ledger, { limits: { patience: { pause, abandoned: () => false } } });
  const performed = await attempts.run({ ...fresh('a'), channel: lost }, () => Promise.resolve(defect));
  expect(performed.execution.kind).toBe('abandoned');
  expect(ledger.unended).toEqual({});
});
