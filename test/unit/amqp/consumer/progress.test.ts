import { expect, test } from 'vitest';

import { Progress, type Look } from '../../../../src/amqp/consumer/progress.ts';

const deaf: Look = { waiting: 3, hasRoom: true, held: 0, excused: false };
const full: Look = { waiting: 3, hasRoom: false, held: 10, excused: false };

function remedies(progress: Progress, look: Look, looks: number): string[] {
  return Array.from({ length: looks }, () => progress.judge(look, 2_000)).filter((remedy) => remedy !== 'none');
}

test('requests that wait in vain: a new channel, then new connections, and no end where none is asked for', () => {
  const progress = new Progress(0);
  expect(remedies(progress, deaf, 4)).toEqual([]);
  expect(progress.standstill).toBe(false);
  expect(progress.judge(deaf, 2_000)).toBe('new channel');
  expect(progress.standstill).toBe(true);
  expect(remedies(progress, deaf, 15)).toEqual(['new connection', 'new connection', 'new connection']);
});

test('the end comes after the time of the setting, with both remedies before it', () => {
  expect(remedies(new Progress(8_000), deaf, 4)).toEqual(['new channel', 'new connection', 'new connection', 'exit']);
});

test('what hangs at full prefetch calls for no other channel, and for readiness only after a minute', () => {
  const progress = new Progress(300_000);
  expect(remedies(progress, full, 29)).toEqual([]);
  expect(progress.standstill).toBe(false);
  progress.judge(full, 2_000);
  expect(progress.standstill).toBe(true);
  expect(remedies(progress, full, 119)).toEqual([]);
  expect(progress.judge(full, 2_000)).toBe('exit');
});

test.each([
  ['a delivery or a settlement', deaf, (progress: Progress) => progress.moved()],
  ['an empty queue', { ...deaf, waiting: 0 }, () => undefined],
  ['a known reason', { ...deaf, excused: true }, () => undefined],
  ['a known reason, at full prefetch', { ...full, excused: true }, () => undefined],
])('%s ends a standstill', (_, look, happens) => {
  const progress = new Progress(0);
  remedies(progress, deaf, 5);
  happens(progress);
  expect(progress.judge(look, 2_000)).toBe('none');
  expect(progress.standstill).toBe(false);
  expect(remedies(progress, deaf, 4)).toEqual([]);
});

test('a delivery between two looks makes the worker ready again at once', () => {
  const progress = new Progress(0);
  remedies(progress, deaf, 6);
  progress.moved();
  expect(progress.standstill).toBe(false);
});
