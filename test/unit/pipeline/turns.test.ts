import { expect, test } from 'vitest';

import { Turns, turnsOf } from '../../../src/pipeline/turns.ts';

/** Keeps the CPU for some milliseconds. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('tasks run in the order in which they came, and not at once', async () => {
  const turns = new Turns(1_000);
  const done: number[] = [];
  const all = Array.from({ length: 50 }, (_, at) => turns.run(() => done.push(at)));
  expect(done).toEqual([]);
  await Promise.all(all);
  expect(done).toEqual(Array.from({ length: 50 }, (_, at) => at));
});

test('other work runs between two long tasks', async () => {
  const turns = new Turns(1_000);
  const order: string[] = [];
  const task = (name: string) => (): void => {
    work(3);
    order.push(name);
  };
  const all = ['first', 'second', 'third'].map((name) => turns.run(task(name)));
  // Registered behind the first turn, so that it runs after it.
  setImmediate(() => order.push('other work'));
  await Promise.all(all);
  expect(order).toEqual(['first', 'other work', 'second', 'third']);
});

test('short tasks share a turn', async () => {
  const turns = new Turns(1_000);
  let immediates = 0;
  const count = (): void => {
    immediates += 1;
    if (immediates < 1_000) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(Array.from({ length: 500 }, () => turns.run(() => undefined)));
  expect(immediates).toBeLessThan(100);
});

test.each([
  ['most of the time is left to others while few wait', 10, 0.5],
  ['no time is lost where many wait', 0, 0.1],
])('%s', async (_, maxPatient, leastIdle) => {
  const turns = new Turns(maxPatient);
  const start = performance.now();
  const cpu = process.cpuUsage();
  await Promise.all(Array.from({ length: 10 }, () => turns.run(() => work(2))));
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const idle = 1 - (user + system) / 1_000 / elapsed;
  if (leastIdle < 0.5) expect(elapsed).toBeLessThan(10 * 2 * 4);
  else expect(idle).toBeGreaterThan(leastIdle);
});

test('a task that fails rejects its own promise, and the others go on', async () => {
  const turns = new Turns(1_000);
  const failing = turns.run(() => {
    throw new Error('broken');
  });
  const next = turns.run(() => 'done');
  await expect(failing).rejects.toThrow('broken');
  await expect(next).resolves.toBe('done');
  await expect(turns.run(() => 'later')).resolves.toBe('later');
});

/** Some dozens of turns of the event loop, which take far less than a pause. */
async function turnsOfTheLoop(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Ends while the turns pause behind a long task, with `waiting` more tasks. */
async function pausedBehindLongTask(turns: Turns, waiting: number, done: () => void): Promise<void> {
  const long = turns.run(() => work(10));
  for (let task = 0; task < waiting; task += 1) void turns.run(done);
  await long;
}

test('a pause ends when more than the patient ones wait', async () => {
  const turns = new Turns(2);
  let done = 0;
  const count = (): void => void (done += 1);
  await pausedBehindLongTask(turns, 1, count);
  for (let task = 0; task < 4; task += 1) void turns.run(count);
  await turnsOfTheLoop();
  expect(done).toBeGreaterThan(0);
  await expect(turns.run(() => 'later')).resolves.toBe('later');
});

test.each([
  ['of the only queue', { prefetch: 64, requestQueues: 1 }, 64],
  ['of one of 16 queues', { prefetch: 64, requestQueues: 16 }, 4],
])('tasks that have all places %s do not pause', async (_, settings, places) => {
  let done = 0;
  await pausedBehindLongTask(turnsOf(settings), places - 1, () => void (done += 1));
  await turnsOfTheLoop();
  expect(done).toBeGreaterThan(0);
});
