import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { ReplyOutcome } from '../../../src/protocol/reply.ts';
import { FAULT_CODES } from '../../../src/protocol/catalogue.ts';

const page = readFileSync(new URL('../../../docs/faults.md', import.meta.url), 'utf8');

test('docs/faults.md lists each fault code of the catalogue, with its meaning, in its order', () => {
  const [codes = ''] = page.split('## Dead letters');
  const rows = [...codes.matchAll(/^\| `([A-Z_]+)` *\| ([^|]+?) *\|/gm)].map(([, code, meaning]) => [
    code,
    meaning?.replaceAll('`', ''),
  ]);
  expect(rows).toEqual(Object.entries(FAULT_CODES));
});

test('docs/faults.md lists each reason why an answer is given up', () => {
  const outcomes: Record<ReplyOutcome, 'given' | 'given up'> = {
    routed: 'given',
    returned: 'given',
    refused: 'given up',
    unconfirmed: 'given up',
    unsendable: 'given up',
  };
  const [, deadLetters = ''] = page.split('## Dead letters');
  const reasons = [...deadLetters.matchAll(/^\| `ANSWER_([A-Z]+)` /gm)].map(([, outcome = '']) =>
    outcome.toLowerCase(),
  );
  const givenUp = Object.entries(outcomes).filter(([, what]) => what === 'given up');
  expect(reasons).toEqual(givenUp.map(([outcome]) => outcome));
});
