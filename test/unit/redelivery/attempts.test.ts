import { expect, test } from 'vitest';

import type { Performed } from '../../../src/protocol/execution.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import {
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

test('a fresh request is started without asking the ledger', async () => {
  const ledger = new MemoryLedger();
  const performed = await attemptsOn(ledger).run(fresh('a'), (before) => {
    expect(before).toBeUndefined();
    return Promise.resolve(done());
  });
  expect(performed).toEqual(done());
  expect(ledger.calls).toEqual([]);
});

test('a redelivered request that ends leaves nothing behind, at however many workers', async () => {
  const ledger = new MemoryLedger();
  for (let delivery = 0; delivery < 10; delivery += 1) {
    expect(await attemptsOn(ledger).run(again('a'), succeed)).toEqual(done());
  }
  expect(ledger.unended).toEqual({});
});

test('a request that ends its process each time is given up after as many recorded starts as allowed', async () => {
  const ledger = new MemoryLedger();
  let starts = 0;
  const dead = (): Promise<Performed> => {
    starts += 1;
    return endProcess();
  };
  for (let process = 0; process < 3; process += 1) {
    void attemptsOn(ledger).run(again('a'), dead);
    await settle();
  }
  for (let delivery = 0; delivery < 2; delivery += 1) {
    const last = await attemptsOn(ledger).run(again('a'), dead);
    expect(last.execution).toMatchObject({ kind: 'defect', attempts: 3, first: { name: 'ProcessEndedError' } });
  }
  expect(starts).toBe(3);
});

test('with one attempt allowed, a redelivered request without a recorded start runs', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger, { limits: { maxAttempts: 1 } });
  expect(await attempts.run(again('handed back'), succeed)).toEqual(done());
  void attemptsOn(ledger, { limits: { maxAttempts: 1 } }).run(again('deadly'), endProcess);
  await settle();
  const last = await attemptsOn(ledger, { limits: { maxAttempts: 1 } }).run(again('deadly'), mustNotRun);
  expect(last.execution).toMatchObject({ kind: 'defect', attempts: 1, first: { name: 'ProcessEndedError' } });
});

test('a start that is under way at a worker that lives is waited for, and nobody is charged with it', async () => {
  const ledger = new MemoryLedger();
  const [runs, cutOff] = [heldRuns(), { gone: false }];
  const elsewhere = attemptsOn(ledger, { limits: { maxAttempts: 1 } });
  const first = elsewhere.run({ ...again('a'), channel: cutOff }, runs.run('first'));
  await settle();
  cutOff.gone = true;
  let looks = 0;
  const pause = (): Promise<void> => {
    looks += 1;
    if (looks === 3) runs.end('first');
    return settle();
  };
  const here = attemptsOn(ledger, { limits: { maxAttempts: 1, patience: { pause, abandoned: () => false } } });
  expect((await here.run(again('a'), succeed)).execution.kind).toBe('done');
  expect((await first).execution.kind).toBe('done');
  expect(ledger.unended).toEqual({});
});

test('those that wait behind one that ends the process are not counted', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger);
  void attempts.run(again('poison'), endProcess);
  void attempts.run(again('neighbour'), succeed);
  await settle();
  expect(ledger.unended).toEqual({ poison: 1 });
});

test('what this process has executed and lived needs no caution when it comes again', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger);
  const run = (before: number | undefined): Promise<Performed> => {
    expect(before).toBeUndefined();
    return Promise.resolve(done());
  };
  await attempts.run(fresh('a'), run);
  ledger.unavailableCalls = Infinity;
  expect(await attempts.run(again('a'), run)).toEqual(done());
});
