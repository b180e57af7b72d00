import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { gatherWrites } from '../../../../src/amqp/connection/gathered-writes.ts';

/** A stream that records each chunk that it would pass to the kernel. */
function recorder(highWaterMark = 65_536): { stream: Writable; calls: string[] } {
  const calls: string[] = [];
  const stream = new Writable({
    highWaterMark,
    write: (chunk: Buffer, _, done) => {
      calls.push(chunk.toString());
      done();
    },
    writev: (chunks, done) => {
      calls.push(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)).toString());
      done();
    },
  });
  return { stream, calls };
}

test('writes of one turn leave in one call, in order; the next turn has its own call', async () => {
  const { stream, calls } = recorder();
  gatherWrites(stream);
  for (const text of ['a', 'b', 'c']) stream.write(text);
  await setImmediate();
  for (const text of ['d', 'e']) stream.write(text);
  await setImmediate();
  stream.write('f');
  await setImmediate();
  expect(calls).toEqual(['abc', 'de', 'f']);
});

test('the writer still gets back-pressure, and its end', async () => {
  const { stream } = recorder(4);
  gatherWrites(stream);
  let drained = 0;
  stream.on('drain', () => (drained += 1));
  expect([stream.write('abc'), stream.write('def')]).toEqual([true, false]);
  await setImmediate();
  expect(drained).toBe(1);
});

test('the end follows all earlier writes', async () => {
  const { stream, calls } = recorder();
  gatherWrites(stream);
  stream.write('a');
  stream.write('b');
  const finished = new Promise((resolve) => stream.on('finish', resolve));
  stream.end('c');
  await finished;
  expect(calls.join('')).toBe('abc');
});
