import { expect, test } from 'vitest';

import { Call } from '../../../src/client/call.ts';
import { Calls } from '../../../src/client/calls.ts';

/**
 * Calls of which at most `maxInFlight` run, the ids of those that started, and a way to add one
 * more.
 */
function underTest(maxInFlight: number): { calls: Calls; started: string[]; add: (id: string) => Call } {
  const started: string[] = [];
  const calls = new Calls({ maxInFlight, maxWaiting: Infinity }, (call) => {
    call.state = 'sent';
    started.push(call.request.id);
  });
  const add = (id: string): Call => {
    const document = { method: 'contact.get', body: Buffer.alloc(0) };
    const call = new Call(
      { id, document, messageId: id, deadline: undefined, timeoutMs: 60_000, signal: undefined },
      {
        obstacle: () => undefined,
        answered: () => undefined,
        failed: () => undefined,
        ended: (ended) => calls.remove(ended),
      },
    );
    calls.add(call);
    return call;
  };
  return { calls, started, add };
}

test('calls start in order of arrival, at most maxInFlight at a time', () => {
  const { calls, started, add } = underTest(2);
  const [one, two, three, four] = ['1', '2', '3', '4'].map(add);
  expect(started).toEqual(['1', '2']);
  two?.answer(Buffer.alloc(0), {});
  expect(started).toEqual(['1', '2', '3']);
  four?.fail(new Error('aborted'));
  const five = add('5');
  for (const call of [one, three]) call?.answer(Buffer.alloc(0), {});
  expect(started).toEqual(['1', '2', '3', '5']);
  expect([...calls.inFlight.values()]).toEqual([five]);
  five.fail(new Error('late'));
  add('6').fail(new Error('late'));
  expect([calls.inFlight.size, calls.waiting, started.at(-1)]).toEqual([0, 0, '6']);
});

test('a call ends once', () => {
  const { calls, add } = underTest(1);
  const call = add('1');
  add('2').fail(new Error('waited in vain'));
  call.answer(Buffer.alloc(0), {});
  call.fail(new Error('too late'));
  call.answer(Buffer.alloc(0), {});
  expect(calls.inFlight.size).toBe(0);
  expect(call.state).toBe('ended');
});

test('very many calls that wait cost linear time', () => {
  const { calls, started, add } = underTest(1);
  const count = 200_000;
  const from = process.cpuUsage();
  for (let i = 0; i < count; i += 1) add(String(i));
  while (calls.inFlight.size > 0) for (const call of calls.inFlight.values()) call.answer(Buffer.alloc(0), {});
  expect(started).toHaveLength(count);
  // Quadratic time would be minutes.
  expect(process.cpuUsage(from).user / 1_000).toBeLessThan(10_000);
});

test('what is cleared does not start', () => {
  const { calls, started, add } = underTest(1);
  ['1', '2', '3'].forEach(add);
  for (const call of calls.clear()) call.fail(new Error('closed'));
  expect(started).toEqual(['1']);
  expect([calls.inFlight.size, calls.waiting]).toEqual([0, 0]);
});
