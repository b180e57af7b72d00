import { expect, test } from 'vitest';

import type { Executed } from '../../../src/protocol/execution.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import {
  execute,
  again,
  attemptsOn,
  done,
  endProcess,
  fresh,
  heldRuns,
  mustNotRun,
  settle,
  succeed,
} from './attempts-under-test.ts';

test('a fresh request starts without a call to the ledger', async () => {
  const ledger = new MemoryLedger();
  const executed = await execute(attemptsOn(ledger), fresh('a'), (before) => {
    expect(before).toBeUndefined();
    return Promise.resolve(done());
  });
  expect(executed).toEqual(done());
  expect(ledger.calls).toEqual([]);
});

test('a redelivered request that ends leaves no record, at any number of workers', async () => {
  const ledger = new MemoryLedger();
  for (let delivery = 0; delivery < 10; delivery += 1) {
    expect(await execute(attemptsOn(ledger), again('a'), succeed)).toEqual(done());
  }
  expect(ledger.unended).toEqual({});
});

test('a request that ends its process each time fails after the allowed number of recorded starts', async () => {
  const ledger = new MemoryLedger();
  let starts = 0;
  const dead = (): Promise<Executed> => {
    starts += 1;
    return endProcess();
  };
  for (let process = 0; process < 3; process += 1) {
    void execute(attemptsOn(ledger), again('a'), dead);
    await settle();
  }
  for (let delivery = 0; delivery < 2; delivery += 1) {
    const last = await execute(attemptsOn(ledger), again('a'), dead);
    expect(last.execution).toMatchObject({ kind: 'defect', attempts: 3, first: { name: 'ProcessEndedError' } });
  }
  expect(starts).toBe(3);
});

test('with one attempt allowed, a redelivered request without a recorded start runs', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger, { limits: { maxAttempts: 1 } });
  expect(await execute(attempts, again('handed back'), succeed)).toEqual(done());
  void execute(attemptsOn(ledger, { limits: { maxAttempts: 1 } }), again('deadly'), endProcess);
  await settle();
  const last = await execute(attemptsOn(ledger, { limits: { maxAttempts: 1 } }), again('deadly'), mustNotRun);
  expect(last.execution).toMatchObject({ kind: 'defect', attempts: 1, first: { name: 'ProcessEndedError' } });
});

test('a start in progress at a living worker is waited for, and no request is charged with it', async () => {
  const ledger = new MemoryLedger();
  const [runs, cutOff] = [heldRuns(), { gone: false }];
  const elsewhere = attemptsOn(ledger, { limits: { maxAttempts: 1 } });
  const first = execute(elsewhere, { ...again('a'), channel: cutOff }, runs.run('first'));
  await settle();
  cutOff.gone = true;
  let looks = 0;
  const pause = (): Promise<void> => {
    looks += 1;
    if (looks === 3) runs.end('first');
    return settle();
  };
  const here = attemptsOn(ledger, { limits: { maxAttempts: 1, retryPolicy: { pause, abandoned: () => false } } });
  expect((await execute(here, again('a'), succeed)).execution.kind).toBe('done');
  expect((await first).execution.kind).toBe('done');
  expect(ledger.unended).toEqual({});
});

test('requests that wait behind one that ends the process are not counted', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger);
  void execute(attempts, again('poison'), endProcess);
  void execute(attempts, again('neighbour'), succeed);
  await settle();
  expect(ledger.unended).toEqual({ poison: 1 });
});

test('a request that this process executed and survived needs no record when it is redelivered', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger);
  const run = (before: number | undefined): Promise<Executed> => {
    expect(before).toBeUndefined();
    return Promise.resolve(done());
  };
  await execute(attempts, fresh('a'), run);
  ledger.unavailableCalls = Infinity;
  expect(await execute(attempts, again('a'), run)).toEqual(done());
});
