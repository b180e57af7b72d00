import { expect, test } from 'vitest';

import { Batcher } from '../../../src/dispatch/batcher.ts';
import type { Execution } from '../../../src/protocol/execution.ts';
import type { Work } from '../../../src/protocol/method.ts';
import { ok } from '../../../src/protocol/response.ts';

const work = (command: number): Work<number> => ({ command, key: { id: String(command) } });

/** A database that responds on command. */
function heldRun(): {
  run: (batch: readonly Work<number>[], told: (at: number, execution: Execution) => void) => Promise<void>;
  batches: number[][];
  answer: () => void;
} {
  const batches: number[][] = [];
  const held: (() => void)[] = [];
  return {
    batches,
    answer: () => held.shift()?.(),
    run: (batch, told) => {
      batches.push(batch.map(({ command }) => command));
      return new Promise((resolve) => {
        held.push(() => {
          batch.forEach(({ command }, at) => {
            told(at, { kind: 'done', response: ok(), attempts: command, batch: batch.length });
          });
          resolve();
        });
      });
    },
  };
}

test('a lone command is sent at once, alone', async () => {
  const { run, batches, answer } = heldRun();
  const batcher = new Batcher<number>({ slots: 1, maxBatch: 10 }, run);
  const first = batcher.submit(work(1));
  await Promise.resolve();
  expect(batches).toEqual([[1]]);
  answer();
  expect(await first).toMatchObject({ kind: 'done', attempts: 1, batch: 1 });
});

test('one burst is one batch; later commands gather in order, up to the largest batch', async () => {
  const { run, batches, answer } = heldRun();
  const batcher = new Batcher<number>({ slots: 1, maxBatch: 3 }, run);
  const results = [batcher.submit(work(1)), batcher.submit(work(2))];
  await Promise.resolve();
  expect(batches).toEqual([[1, 2]]);
  for (const command of [3, 4, 5, 6]) results.push(batcher.submit(work(command)));
  await Promise.resolve();
  expect(batches).toHaveLength(1);
  answer();
  await expect
    .poll(() => batches)
    .toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
  answer();
  await expect.poll(() => batches).toHaveLength(3);
  answer();
  const executions = await Promise.all(results);
  expect(executions.map((e) => (e.kind === 'done' ? e.attempts : 0))).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a batch holds commands up to its weight; a heavier command is a batch of its own', async () => {
  const { run, batches, answer } = heldRun();
  const batcher = new Batcher<number>({ slots: 1, maxBatch: 10, weigh: (command) => command }, run);
  const results = [5, 5, 1, 40, 3].map((command) => batcher.submit(work(command)));
  for (const expected of [[5, 5], [1], [40], [3]]) {
    await expect.poll(() => batches.at(-1)).toEqual(expected);
    answer();
  }
  await Promise.all(results);
  expect(batches).toHaveLength(4);
});

test('there are never more batches in flight than slots', async () => {
  const { run, batches, answer } = heldRun();
  const batcher = new Batcher<number>({ slots: 2, maxBatch: 1 }, run);
  const results = [1, 2, 3].map((command) => batcher.submit(work(command)));
  await Promise.resolve();
  expect(batches).toEqual([[1], [2]]);
  answer();
  await expect.poll(() => batches).toEqual([[1], [2], [3]]);
  answer();
  answer();
  await Promise.all(results);
});

test('a batch that frees its slot lets the next one go, and may report later', async () => {
  const batches: number[][] = [];
  const told: (() => void)[] = [];
  const batcher = new Batcher<number>({ slots: 1, maxBatch: 1 }, (batch, tell) => {
    batches.push(batch.map(({ command }) => command));
    told.push(() => tell(0, { kind: 'done', response: ok(), attempts: 1, batch: 1 }));
    return Promise.resolve();
  });
  const results = [batcher.submit(work(1)), batcher.submit(work(2))];
  await expect.poll(() => batches).toEqual([[1], [2]]);
  told.toReversed().forEach((tell) => tell());
  expect(await Promise.all(results)).toMatchObject([{ kind: 'done' }, { kind: 'done' }]);
});
