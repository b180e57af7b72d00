import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { FAULT_CODES } from '../../src/protocol/fault.ts';

test('docs/faults.md lists each fault code of the catalogue, with its meaning, in its order', () => {
  const page = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` *\| ([^|]+?) *\|/gm)].map(([, code, meaning]) => [
    code,
    meaning?.replaceAll('`', ''),
  ]);
  expect(rows).toEqual(Object.entries(FAULT_CODES));
});
