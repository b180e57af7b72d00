import { expect, test } from 'vitest';

import { readScalePage, scalePage } from '../../../scripts/rules/scale-page.ts';

test('docs/scale.md has the table of the present figures', () => {
  const page = readScalePage();
  expect(page).toBe(scalePage(page));
});

test('an outdated table is found', () => {
  const outdated = readScalePage().replace('| 1,000 |', '| 1,001 |');
  expect(scalePage(outdated)).not.toBe(outdated);
});

test('a page without its marks is an error', () => {
  expect(() => scalePage('# Sizes')).toThrow('lost the marks');
});
