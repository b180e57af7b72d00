import { expect, test } from 'vitest';

import { RecentSet } from '../../../src/dispatch/recent-set.ts';

test('holds the last ones that were added, and no more', () => {
  const recent = new RecentSet(2);
  for (const text of ['a', 'b', 'a', 'c']) recent.add(text);
  expect(['a', 'b', 'c'].map((text) => recent.has(text))).toEqual([true, false, true]);
});
