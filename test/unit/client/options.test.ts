import { expect, test } from 'vitest';

import { clientSettings, deadlineOf, timeLimit } from '../../../src/client/options.ts';
import { settingsSchema } from '../../../src/settings/config.ts';

test('defaults are the worker’s', () => {
  const { AMQP_URL, REQUEST_QUEUE, REQUEST_QUEUES, PREFETCH } = settingsSchema().properties;
  expect(clientSettings()).toEqual({
    urls: [AMQP_URL?.default],
    queue: REQUEST_QUEUE?.default,
    queues: REQUEST_QUEUES?.default,
    appId: undefined,
    timeoutMs: 30_000,
    maxInFlight: PREFETCH?.default,
    maxWaiting: 10_000,
    replyQueue: undefined,
  });
});

test('several brokers may be a list or one text', () => {
  expect(clientSettings({ url: 'amqp://a , amqps://b' }).urls).toEqual(['amqp://a', 'amqps://b']);
  expect(clientSettings({ url: ['amqp://a', 'amqps://b'] }).urls).toEqual(['amqp://a', 'amqps://b']);
});

test('what is undefined counts as left out', () => {
  const nothing = { url: undefined, queue: undefined, appId: undefined, timeoutMs: undefined, maxInFlight: undefined };
  expect(clientSettings({ ...nothing, replyQueue: undefined })).toEqual(clientSettings());
});

test('the error of a bad URL does not hold its password', () => {
  expect(() => clientSettings({ url: 'amqp://me:sesame@host:99999' })).toThrow(/^url names a port/);
});

test('a deadline is a date, a number of milliseconds, none, or the end of the time limit', () => {
  expect(deadlineOf(new Date(1_764_230_400_123), 1_000)).toBe(1_764_230_400_123);
  expect(deadlineOf(1_764_230_400_123.5, 1_000)).toBe(1_764_230_400_123);
  expect(deadlineOf(null, 1_000)).toBeUndefined();
  const before = Date.now();
  const made = deadlineOf(undefined, 1_000) ?? 0;
  expect(made).toBeGreaterThanOrEqual(before + 1_000);
  expect(made).toBeLessThanOrEqual(Date.now() + 1_000);
  for (const wrong of [new Date('?'), Number.NaN, -1, Infinity]) expect(() => deadlineOf(wrong, 1)).toThrow('deadline');
});

test('a time limit of a call goes before that of the client', () => {
  expect([timeLimit(undefined, 7), timeLimit(5, 7)]).toEqual([7, 5]);
  expect(() => timeLimit(0, 7)).toThrow('timeoutMs');
});
