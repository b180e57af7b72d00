import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SubjectOrder } from '../../../src/dispatch/subject-order.ts';

test('a free subject is entered without a turn of the event loop', () => {
  const order = new SubjectOrder();
  expect(order.enter('1')).toBeUndefined();
  expect(order.enter('2')).toBeUndefined();
  expect(order.enter('1')).toBeInstanceOf(Promise);
});

test('commands of one subject run one at a time, in order of arrival, for any interleaving', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 60 }), fc.scheduler(), async (subjects, scheduler) => {
      const order = new SubjectOrder();
      const running = new Set<number>();
      const finished = new Map<number, number[]>();
      const work = subjects.map(async (subject, arrival) => {
        await order.enter(String(subject));
        expect(running.has(subject)).toBe(false);
        running.add(subject);
        await scheduler.schedule(Promise.resolve());
        running.delete(subject);
        finished.set(subject, [...(finished.get(subject) ?? []), arrival]);
        order.leave(String(subject));
      });
      await scheduler.waitFor(Promise.all(work));
      for (const arrivals of finished.values()) expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b));
      expect(order.size).toBe(0);
    }),
  );
});
