import { expect, test } from 'vitest';

import type { Executed, Start } from '../../../src/protocol/execution.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { execute, again, attemptsOn, done, fresh, heldRuns, settle } from './attempts-under-test.ts';

test('a redelivered request does not start beside others, so that none is charged with the end of another’s process', async () => {
  const ledger = new MemoryLedger();
  const runs = heldRuns();
  const attempts = attemptsOn(ledger);
  void execute(attempts, fresh('a'), runs.run('a'));
  void execute(attempts, again('b'), runs.run('b'));
  await settle();
  expect([runs.order, ledger.unended]).toEqual([['a begins'], {}]);
  runs.end('a');
  await settle();
  expect([runs.order, ledger.unended]).toEqual([['a begins', 'a ends', 'b begins'], { b: 1 }]);
});

test('redelivered requests run one at a time, and later requests wait for them', async () => {
  const order: string[] = [];
  const attempts = attemptsOn(new MemoryLedger());
  const request = (start: Start): Promise<Executed> =>
    execute(attempts, start, async () => {
      order.push(`${start.attemptId} begins`);
      await settle();
      order.push(`${start.attemptId} ends`);
      return done();
    });
  await Promise.all([request(again('a')), request(again('b')), request(fresh('c')), request(fresh('d'))]);
  expect(order.slice(0, 4)).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  expect(order.slice(4, 6)).toEqual(['c begins', 'd begins']);
});

test('a redelivery waits for its first delivery that is still in flight here', async () => {
  const runs = heldRuns();
  const attempts = attemptsOn(new MemoryLedger());
  void execute(attempts, fresh('a'), runs.run('first'));
  void execute(attempts, again('a'), runs.run('again'));
  void execute(attempts, fresh('later'), runs.run('later'));
  await settle();
  expect(runs.order).toEqual(['first begins']);
  runs.end('first');
  await settle();
  expect(runs.order).toEqual(['first begins', 'first ends', 'again begins', 'later begins']);
});

test('redelivered requests whose first deliveries succeeded here run beside each other, before later ones', async () => {
  const runs = heldRuns();
  const attempts = attemptsOn(new MemoryLedger());
  for (const id of ['a', 'b']) void execute(attempts, fresh(id), runs.run(`first ${id}`));
  for (const id of ['a', 'b']) void execute(attempts, again(id), runs.run(`again ${id}`));
  void execute(attempts, fresh('c'), runs.run('c'));
  await settle();
  for (const id of ['a', 'b']) runs.end(`first ${id}`);
  await settle();
  expect(runs.order.slice(-3)).toEqual(['again a begins', 'again b begins', 'c begins']);
});

test('a first delivery that waits when its channel closes does not start; its redelivery does, in its place', async () => {
  const runs = heldRuns();
  const ledger = new MemoryLedger();
  const attempts = attemptsOn(ledger);
  const [lost, next] = [{ gone: false }, { gone: false }];
  void execute(attempts, { ...again('x'), channel: lost }, runs.run('x'));
  const first = execute(attempts, { ...fresh('a'), channel: lost }, runs.run('first a'));
  const second = execute(attempts, { ...again('y'), channel: lost }, runs.run('first y'));
  await settle();
  lost.gone = true;
  void execute(attempts, { ...again('a'), channel: next }, runs.run('again a'));
  void execute(attempts, { ...fresh('b'), channel: next }, runs.run('b'));
  runs.end('x');
  await settle();
  expect(runs.order).toEqual(['x begins', 'x ends', 'again a begins']);
  expect((await first).execution.kind).toBe('abandoned');
  expect((await second).execution.kind).toBe('abandoned');
  // Of x and of the redelivery: a request that does not start is not recorded.
  expect(ledger.calls).toEqual(['begin', 'end', 'begin']);
  runs.end('again a');
  await settle();
  expect(runs.order.at(-1)).toBe('b begins');
});
