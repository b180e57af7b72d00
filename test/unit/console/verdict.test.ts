import { expect, test } from 'vitest';

import { rowOf } from '../../../src/console/letters/row.ts';
import { verdictOf } from '../../../src/console/requests/verdict.ts';

function verdictOfLetter(reason: string): ReturnType<typeof verdictOf> {
  const letter = {
    body: Buffer.from('<request/>'),
    headers: { 'x-death': [{ reason }] },
    properties: {},
    identity: 'one',
  };
  return verdictOf([rowOf(letter, () => undefined)], [], []);
}

test('a request that a worker had the broker dead-letter may have been executed and answered', () => {
  expect(verdictOfLetter('rejected')).toMatchObject({
    taken: { state: 'yes' },
    executed: { state: 'unknown' },
    answered: { state: 'unknown' },
    dead_lettered: { state: 'yes' },
  });
});

test('a request that expired in its queue was neither executed nor answered', () => {
  expect(verdictOfLetter('expired')).toMatchObject({
    taken: { state: 'no' },
    executed: { state: 'no' },
    answered: { state: 'no' },
  });
});
