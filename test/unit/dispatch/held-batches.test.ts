import { expect, test } from 'vitest';

import type { DispatchEvents } from '../../../src/dispatch/events.ts';
import type { Method, Work } from '../../../src/protocol/method.ts';
import { ok } from '../../../src/protocol/response.ts';
import { StoreDefectError } from '../../../src/protocol/errors.ts';
import { runBatch } from './execute-batch.ts';

const many = Array.from({ length: 40 }, (_, command): Work<number> => ({ command, key: { id: `k${command}` } }));

/** A method whose store rejects the commands for which `refuses` is true. */
function method(refuses: (command: number) => boolean): Method<number> {
  return {
    name: 'test.method',
    read: () => ({ valid: true, command: 0 }),
    execute: (works) => {
      const refused = works.some(({ command }) => refuses(command));
      if (refused) return Promise.reject(new StoreDefectError('write: MongoServerError 121', 121));
      return Promise.resolve(works.map(() => ok()));
    },
  };
}

const writes = { findEarlierOutcomes: (works: readonly unknown[]) => Promise.resolve(works.map(() => undefined)) };

/** A clock that only pauses advance. */
function environment(afterPauses: (count: number) => void = () => undefined): {
  limits: Parameters<typeof runBatch>[2];
  events: DispatchEvents;
  heard: unknown[];
} {
  let pauses = 0;
  const heard: unknown[] = [];
  const retryPolicy = {
    pause: async (): Promise<void> => {
      afterPauses((pauses += 1));
      await new Promise<void>((resolve) => setImmediate(() => resolve()));
    },
    abandoned: () => false,
  };
  return {
    heard,
    limits: { maxAttempts: 4, retryPolicy, now: () => pauses * 25 },
    events: {
      retry: () => undefined,
      waiting: () => undefined,
      circuit: (_, error) => heard.push(error?.message),
      failing: (change) => heard.push(change),
    },
  };
}

test('while every write fails alike no request of a batch fails: all wait, and succeed afterwards', async () => {
  let refusing = true;
  const { limits, events, heard } = environment((pauses) => (refusing = pauses < 100));
  const executions = await runBatch({ ...method(() => refusing), ...writes }, many, limits, events);
  expect(executions.map(({ kind }) => kind)).toEqual(many.map(() => 'done'));
  expect(heard).toEqual(['write: MongoServerError 121', 1, -1, undefined]);
});

test('bad writes among good ones fail for good, and no request is held', async () => {
  const { limits, events, heard } = environment();
  const executions = await runBatch({ ...method((command) => command < 30), ...writes }, many, limits, events);
  expect(executions.map(({ kind }) => kind)).toEqual(many.map(({ command }) => (command < 30 ? 'defect' : 'done')));
  expect(heard).toEqual([]);
});

test('requests of a reading method fail for good, however many fail alike', async () => {
  const { limits, events, heard } = environment();
  const executions = await runBatch(
    method(() => true),
    many,
    limits,
    events,
  );
  expect(executions.map(({ kind }) => kind)).toEqual(many.map(() => 'defect'));
  expect(heard).toEqual([]);
});

test('items that fail in a call in which others succeed fail by themselves, however many there are', async () => {
  const { limits, events, heard } = environment();
  const refused = new StoreDefectError('write: MongoWriteError 121', 121);
  const partial: Method<number> = {
    ...method(() => false),
    ...writes,
    execute: (works) => Promise.resolve(works.map(({ command }) => (command < 30 ? refused : ok()))),
  };
  const executions = await runBatch(partial, many, limits, events);
  expect(executions.map(({ kind }) => kind)).toEqual(many.map(({ command }) => (command < 30 ? 'defect' : 'done')));
  expect(executions[0]).toMatchObject({ attempts: 4, last: refused });
  expect(heard).toEqual([]);
});
