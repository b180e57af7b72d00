import { expect, test } from 'vitest';

import { RecentSet } from '../../../src/redelivery/recent-set.ts';

test('holds the texts added last, and fewer than twice as many', () => {
  const recent = new RecentSet(3);
  const added: string[] = [];
  for (let i = 0; i < 50; i += 1) {
    recent.add(`n${i}`);
    added.push(`n${i}`);
    expect(added.slice(-3).every((text) => recent.has(text))).toBe(true);
    expect(added.filter((text) => recent.has(text)).length).toBeLessThanOrEqual(6);
  }
});

test('a text that is added again is the newest', () => {
  const recent = new RecentSet(2);
  for (const text of ['a', 'b', 'c', 'a', 'd', 'e']) recent.add(text);
  expect(recent.has('a')).toBe(true);
});

test('a deleted text is gone, however long ago it was added', () => {
  const recent = new RecentSet(2);
  for (const text of ['a', 'b', 'c']) recent.add(text);
  for (const text of ['a', 'c', 'never added']) recent.delete(text);
  expect(['a', 'b', 'c'].map((text) => recent.has(text))).toEqual([false, true, false]);
});
