import { expect, test } from 'vitest';

import { MinorityDetector, type NodeSample } from '../../../../src/amqp/consumer/minority-detector.ts';
import type { Majority } from '../../../../src/amqp/connection/majority-probe.ts';

const quiet: NodeSample = { consumers: 3, paused: false };
const without: NodeSample = { consumers: 0, paused: false };

/** A detector for a consumer at `a`, and what the nodes answer. */
function detector(answers: Readonly<Record<string, Majority>>, urls = ['a', 'b', 'c']) {
  const asked: string[] = [];
  const state = { at: 'a', moves: 0 };
  const judged = new MinorityDetector({
    urls,
    current: () => state.at,
    ask: (url) => {
      asked.push(url);
      return Promise.resolve(answers[url] ?? 'unknown');
    },
    move: () => (state.moves += 1),
  });
  const polls = async (sample: NodeSample, count: number): Promise<void> => {
    for (let nth = 0; nth < count; nth += 1) await judged.judge(sample, 2_000);
  };
  return { judged, asked, state, polls };
}

const cutOff = { a: 'missing', b: 'missing', c: 'present' } as const;

test('a node that reports no consumers for ten seconds is asked twice; another with a majority makes it move', async () => {
  const { asked, state, polls } = detector(cutOff);
  await polls(without, 4);
  expect(asked).toEqual([]);
  await polls(without, 1);
  expect(asked).toEqual(['a', 'a', 'b', 'c']);
  expect(state.moves).toBe(1);
});

test('a quiet node is asked every thirty seconds, and costs one question while it has a majority', async () => {
  const { asked, state, polls } = detector({ a: 'present' });
  await polls(quiet, 14);
  expect(asked).toEqual([]);
  await polls(quiet, 31);
  expect(asked).toEqual(['a', 'a', 'a']);
  expect(state.moves).toBe(0);
});

test('a former leader that reports what it last knew is found out, too', async () => {
  const { state, polls } = detector(cutOff);
  await polls(quiet, 15);
  expect(state.moves).toBe(1);
});

test.each([
  ['no node has a majority', { a: 'missing', b: 'missing', c: 'missing' }],
  ['the others cannot be asked', { a: 'missing' }],
  ['it cannot be asked itself', { b: 'present' }],
] as const)('it stays where %s', async (_, answers) => {
  const { state, polls } = detector(answers);
  await polls(without, 30);
  expect(state.moves).toBe(0);
});

test.each([
  [
    'requests are delivered',
    async ({ judged, polls }: ReturnType<typeof detector>) => {
      for (let nth = 0; nth < 20; nth += 1) {
        judged.recordProgress();
        await polls(without, 1);
      }
    },
  ],
  ['consumption is paused', ({ polls }: ReturnType<typeof detector>) => polls({ consumers: 0, paused: true }, 40)],
])('nothing is asked while %s', async (_, passes) => {
  const all = detector(cutOff);
  await passes(all);
  expect(all.asked).toEqual([]);
});

test('nothing is asked where there is no other node', async () => {
  const { asked, polls } = detector(cutOff, ['a']);
  await polls(without, 40);
  expect(asked).toEqual([]);
});

test('a connection that moved while the nodes were asked does not move once more', async () => {
  const all = detector(cutOff);
  const polled = all.polls(without, 5);
  all.state.at = 'c';
  await polled;
  expect(all.state.moves).toBe(0);
});
