import { expect, test } from 'vitest';

import { SharedMajority } from '../../../../src/amqp/consumer/shared-majority.ts';
import type { Majority } from '../../../../src/amqp/connection/majority-probe.ts';

/** What nodes answer, and the consumers' shared questions to them. */
function nodes(answers: Record<string, Majority>) {
  const state = { now: 0, asked: [] as string[] };
  const shared = new SharedMajority(
    (url) => {
      state.asked.push(url);
      return Promise.resolve(answers[url] ?? 'unknown');
    },
    () => state.now,
  );
  return { shared, state };
}

test('the consumers of many quiet queues ask a node once, and again after five seconds', async () => {
  const { shared, state } = nodes({ a: 'present', b: 'present' });
  const ask = (url: string): Promise<Majority[]> => Promise.all(Array.from({ length: 64 }, () => shared.ask(url)));
  expect(new Set(await ask('a'))).toEqual(new Set(['present']));
  state.now = 4_999;
  await ask('a');
  expect(state.asked).toEqual(['a']);
  state.now = 5_000;
  await ask('a');
  await ask('b');
  expect(state.asked).toEqual(['a', 'a', 'b']);
});

test.each(['missing', 'unknown'] as const)('the answer "%s" holds for no later question', async (answer) => {
  const { shared, state } = nodes({ a: answer });
  expect(await Promise.all([shared.ask('a'), shared.ask('a')])).toEqual([answer, answer]);
  expect(await shared.ask('a')).toBe(answer);
  expect(state.asked).toEqual(['a', 'a']);
});
