import { expect, test } from 'vitest';

import { ExportQueue } from '../../../src/tracing/export-queue.ts';

/** A queue whose exports end when the test says so. */
function queueOf(settings: Partial<{ maxQueue: number; maxBatch: number; delayMs: number }> = {}) {
  const batches: { spans: readonly number[]; end: (error?: unknown) => void }[] = [];
  const changes: unknown[] = [];
  const send = (spans: readonly number[]) => new Promise<unknown>((resolve) => batches.push({ spans, end: resolve }));
  const queue = new ExportQueue<number>({ maxQueue: 8, maxBatch: 4, delayMs: 60_000, ...settings }, send, (error) =>
    changes.push(error),
  );
  return { queue, batches, changes };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a full batch is exported at once, and one at a time', async () => {
  const { queue, batches } = queueOf();
  queue.add([1, 2, 3, 4]);
  queue.add([5, 6, 7, 8]);
  expect(batches.map(({ spans }) => spans)).toEqual([[1, 2, 3, 4]]);
  batches[0]?.end();
  await turn();
  expect(batches.map(({ spans }) => spans)).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
  expect(queue.counts()).toEqual({ exported: 4, dropped: { 'queue full': 0, 'export failed': 0 } });
});

test('spans beyond the limit are dropped whole and counted, while the receiver is slow', () => {
  const { queue, batches } = queueOf();
  for (let count = 0; count < 100; count += 1) queue.add([1, 2, 3]);
  expect(batches).toHaveLength(1);
  // Four are being exported; of the rest, two groups of three find room for eight.
  expect(queue.counts().dropped['queue full']).toBe(300 - 6 - 6);
});

test('a failed export is counted, reported once, and its end is reported', async () => {
  const { queue, batches, changes } = queueOf();
  const error = new Error('refused');
  for (const outcome of [error, error, undefined]) {
    queue.add([1, 2, 3, 4]);
    batches.at(-1)?.end(outcome);
    await turn();
  }
  expect(queue.counts()).toEqual({ exported: 4, dropped: { 'queue full': 0, 'export failed': 8 } });
  expect(changes).toEqual([error, undefined]);
});

test('a lone span is exported after the delay', async () => {
  const { queue, batches } = queueOf({ delayMs: 1 });
  queue.add([1]);
  await expect.poll(() => batches.map(({ spans }) => spans)).toEqual([[1]]);
});

test('closing exports what is left, and later spans are dropped', async () => {
  const { queue, batches } = queueOf();
  queue.add([1, 2]);
  const closed = queue.close(60_000);
  batches[0]?.end();
  await closed;
  queue.add([3]);
  expect(queue.counts()).toEqual({ exported: 2, dropped: { 'queue full': 0, 'export failed': 1 } });
});

test('closing ends at its limit against a receiver that never answers', async () => {
  const { queue } = queueOf();
  queue.add([1, 2, 3, 4]);
  queue.add([5, 6]);
  await queue.close(20);
  expect(queue.counts().dropped['export failed']).toBe(2);
});
