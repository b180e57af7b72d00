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
  settle,
  succeed,
} from './attempts-under-test.ts';

test('a recorded failure is repeated at the next delivery, without another execution, at any worker', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger);
  await execute(attempts, fresh('a'), succeed);
  await execute(attempts, fresh('a'), () => Promise.resolve(defect));
  for (const worker of [attempts, attemptsOn(ledger), attemptsOn(ledger)]) {
    expect(await execute(worker, again('a'), mustNotRun)).toMatchObject({
      method: 'm',
      execution: { kind: 'defect', attempts: 3, first: { message: 'one' }, last: { message: 'two' } },
    });
  }
});

test('a failure is forgotten with its message: a new message that succeeds never gets its answer', async () => {
  const ledger = new MemoryLedger();
  const failed = await execute(attemptsOn(ledger), fresh('a'), () => Promise.resolve(defect));
  failed.acknowledged?.();
  await settle();
  expect(ledger.unended).toEqual({});
  // Another message with equal content, whose acknowledgement is lost with its worker.
  expect(await execute(attemptsOn(ledger), fresh('a'), succeed)).toEqual(done());
  expect(await execute(attemptsOn(ledger), again('a'), succeed)).toEqual(done());
});

test('the same holds for a failure found on record, and for starts that ended their process', async () => {
  const ledger = new MemoryLedger();
  await execute(attemptsOn(ledger), again('failed'), () => Promise.resolve(defect));
  for (let process = 0; process < 3; process += 1) {
    void execute(attemptsOn(ledger), again('deadly'), endProcess);
    await settle();
  }
  for (const id of ['failed', 'deadly']) {
    const executed = await execute(attemptsOn(ledger), again(id), mustNotRun);
    expect(executed.execution.kind).toBe('defect');
    executed.acknowledged?.();
    await settle();
    expect(await execute(attemptsOn(ledger), again(id), succeed)).toEqual(done());
  }
});

test('forgetting one message removes no start of a copy in flight elsewhere', async () => {
  const ledger = new MemoryLedger();
  const failed = await execute(attemptsOn(ledger), again('a'), () => Promise.resolve(defect));
  await ledger.end('a', (await ledger.begin('a', 'look', 9)).starts);
  void execute(attemptsOn(ledger), again('a'), endProcess);
  await settle();
  failed.acknowledged?.();
  await settle();
  expect(ledger.unended).toEqual({ a: 1 });
});

test('a failure whose channel closes before it is recorded is left to the redelivery', async () => {
  const ledger = new MemoryLedger();
  const lost = { gone: false };
  ledger.unavailableCalls = 3;
  const pause = (): Promise<void> => {
    lost.gone = true;
    return Promise.resolve();
  };
  const attempts = attemptsOn(ledger, { limits: { retryPolicy: { pause, abandoned: () => false } } });
  const executed = await execute(attempts, { ...fresh('a'), channel: lost }, () => Promise.resolve(defect));
  expect(executed.execution.kind).toBe('abandoned');
  expect(ledger.unended).toEqual({});
});
