import { expect, test } from 'vitest';

import { Attempts } from '../../../src/dispatch/attempts.ts';
import type { AttemptLedger } from '../../../src/protocol/attempt-ledger.ts';
import type { Performed } from '../../../src/protocol/execution.ts';
import { ok } from '../../../src/protocol/response.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';

function attemptsOn(ledger: AttemptLedger, abandoned = () => false): Attempts {
  return new Attempts(ledger, {
    maxAttempts: 3,
    patience: { pause: () => Promise.resolve(), abandoned },
    retry: () => undefined,
    describe: (error) => (error instanceof Error ? error.message : 'odd'),
  });
}

const done = (attempts = 1): Performed => ({
  method: 'm',
  execution: { kind: 'done', response: ok(), attempts, batch: 1 },
});
const defect: Performed = {
  method: 'm',
  execution: { kind: 'defect', first: new Error('one'), last: new Error('two'), attempts: 3, batch: 1 },
};

test('a fresh request is started without asking the ledger', async () => {
  const ledger = new MemoryLedger();
  const performed = await attemptsOn(ledger).make({ attemptId: 'a', redelivered: false }, (before) => {
    expect(before).toBeUndefined();
    return Promise.resolve(done());
  });
  expect(performed).toEqual(done());
  expect(ledger.unended.size).toBe(0);
});

test('a redelivered request that ends leaves nothing behind, at however many workers', async () => {
  const ledger = new MemoryLedger();
  for (let delivery = 0; delivery < 10; delivery += 1) {
    expect(await attemptsOn(ledger).make({ attemptId: 'a', redelivered: true }, () => Promise.resolve(done()))).toEqual(
      done(),
    );
  }
  expect(ledger.unended.size).toBe(0);
});

test('a request that ends its process each time is given up after as many starts as allowed, the first included', async () => {
  const ledger = new MemoryLedger();
  let starts = 1; // the fresh delivery's, by a worker that is gone
  const dead = (): Promise<Performed> => {
    starts += 1;
    return new Promise(() => undefined); // this process has ended
  };
  for (let process = 0; process < 2; process += 1) {
    void attemptsOn(ledger).make({ attemptId: 'a', redelivered: true }, dead);
    await new Promise(setImmediate);
  }
  const last = await attemptsOn(ledger).make({ attemptId: 'a', redelivered: true }, dead);
  expect(last.execution).toMatchObject({ kind: 'defect', attempts: 3, first: { name: 'ProcessEnded' } });
  expect(starts).toBe(3);
});

test('those that wait behind one that ends the process are not counted', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger);
  void attempts.make({ attemptId: 'poison', redelivered: true }, () => new Promise(() => undefined));
  void attempts.make({ attemptId: 'neighbour', redelivered: true }, () => Promise.resolve(done()));
  await new Promise(setImmediate);
  expect([...ledger.unended]).toEqual([['poison', 1]]);
});

test('redelivered requests run one at a time, and what comes later waits for them', async () => {
  const order: string[] = [];
  const attempts = attemptsOn(new MemoryLedger());
  const request = (name: string, redelivered: boolean): Promise<Performed> =>
    attempts.make({ attemptId: name, redelivered }, async () => {
      order.push(`${name} begins`);
      await new Promise(setImmediate);
      order.push(`${name} ends`);
      return done();
    });
  await Promise.all([request('a', true), request('b', true), request('c', false), request('d', false)]);
  expect(order.slice(0, 4)).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  expect(order.slice(4, 6)).toEqual(['c begins', 'd begins']);
});

test('a redelivery waits for its first delivery that is still under way here', async () => {
  const order: string[] = [];
  const attempts = attemptsOn(new MemoryLedger());
  const run = (name: string) => async (): Promise<Performed> => {
    order.push(`${name} begins`);
    await new Promise(setImmediate);
    order.push(`${name} ends`);
    return done();
  };
  const first = attempts.make({ attemptId: 'a', redelivered: false }, run('first'));
  await Promise.all([first, attempts.make({ attemptId: 'a', redelivered: true }, run('again'))]);
  expect(order).toEqual(['first begins', 'first ends', 'again begins', 'again ends']);
});

test('what this process has executed and lived needs no caution when it comes again', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger);
  const run = (before: number | undefined): Promise<Performed> => {
    expect(before).toBeUndefined();
    return Promise.resolve(done());
  };
  await attempts.make({ attemptId: 'a', redelivered: false }, run);
  ledger.away = Infinity;
  expect(await attempts.make({ attemptId: 'a', redelivered: true }, run)).toEqual(done());
});

test('a failure for good is the same at the next delivery, without another run', async () => {
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger);
  await attempts.make({ attemptId: 'a', redelivered: false }, () => Promise.resolve(defect));
  const again = await attempts.make({ attemptId: 'a', redelivered: true }, () => {
    throw new Error('must not run');
  });
  expect(again).toMatchObject({
    method: 'm',
    execution: { kind: 'defect', attempts: 3, first: { message: 'one' }, last: { message: 'two' } },
  });
});

test('while the ledger is away the request waits; given up meanwhile, it is abandoned', async () => {
  const ledger = new MemoryLedger();
  ledger.away = 5;
  expect(await attemptsOn(ledger).make({ attemptId: 'a', redelivered: true }, () => Promise.resolve(done()))).toEqual(
    done(),
  );
  ledger.away = Infinity;
  let asked = 0;
  const giveUp = attemptsOn(ledger, () => (asked += 1) > 3);
  const performed = await giveUp.make({ attemptId: 'b', redelivered: true }, () => Promise.resolve(done()));
  expect(performed.execution.kind).toBe('abandoned');
});
