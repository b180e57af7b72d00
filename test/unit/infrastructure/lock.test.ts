import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { withLock } from '../../../infrastructure/lock.ts';

const LOCK = new URL('../../../infrastructure/lock.ts', import.meta.url).href;

test('the second waits until the first has finished', async () => {
  const name = randomUUID();
  const events: string[] = [];
  let finish = (): void => undefined;
  const first = withLock(name, async () => {
    events.push('first begins');
    await new Promise<void>((resolve) => (finish = resolve));
    events.push('first ends');
  });
  const second = withLock(name, async () => {
    events.push('second begins');
    await Promise.resolve();
  });
  await expect.poll(() => events).toEqual(['first begins']);
  finish();
  await Promise.all([first, second]);
  expect(events).toEqual(['first begins', 'first ends', 'second begins']);
});

test('a failing task releases the lock and rejects', async () => {
  const name = randomUUID();
  await expect(withLock(name, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await withLock(name, () => Promise.resolve('next'))).toBe('next');
});

test('a killed process leaves no lock behind', async () => {
  const name = randomUUID();
  const code = `import { withLock } from ${JSON.stringify(LOCK)};
    await withLock('${name}', async () => { console.log('held'); await new Promise((r) => setTimeout(r, 60000)); });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  let reached = false;
  const waiting = withLock(name, async () => {
    reached = true;
    await Promise.resolve();
  });
  expect(reached).toBe(false);
  holder.kill('SIGKILL');
  await waiting;
  expect(reached).toBe(true);
});
