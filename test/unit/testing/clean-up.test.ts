import { expect, test } from 'vitest';

import { allSettled, CleanUp } from '../../../src/testing/clean-up.ts';

test('a clean-up runs every step once, the last first, and rejects with the first error', async () => {
  const ran: string[] = [];
  const cleanUp = new CleanUp();
  const step = (name: string, error?: Error) => (): Promise<void> => {
    ran.push(name);
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  };
  cleanUp.add(step('network', new Error('busy')));
  cleanUp.add(step('broker', new Error('closed')));
  cleanUp.add(step('client'));
  await expect(cleanUp.run()).rejects.toThrow('closed');
  await expect(cleanUp.run()).rejects.toThrow('closed');
  expect(ran).toEqual(['client', 'broker', 'network']);
});

test('allSettled rejects only when the others have settled, too', async () => {
  let started = false;
  const slow = new Promise<void>((resolve) => setTimeout(resolve, 20)).then(() => (started = true));
  await expect(allSettled([Promise.reject(new Error('no image')), slow])).rejects.toThrow('no image');
  expect(started).toBe(true);
});
