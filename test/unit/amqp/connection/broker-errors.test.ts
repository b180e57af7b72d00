import { expect, test } from 'vitest';

import { closeReasonOf, maxBodyOf, closesToBlame } from '../../../../src/amqp/connection/broker-errors.ts';

function error(message: string, code?: number | string): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

test.each([403, 404, 406, 501, 502, 503, 505, 540, 541])('a message can be the cause of %d', (code) => {
  const reason = closeReasonOf(error(`Channel closed by server: ${code} (X) with message "x"`, code));
  expect(closesToBlame(reason)).toBeLessThan(Infinity);
});

test.each([
  ['an operator', error('Connection closed: 320 (CONNECTION-FORCED) with message "x"', 320)],
  ['a deleted vhost', error('Connection closed: 530 (NOT-ALLOWED) with message "x"', 530)],
  ['a reset', error('read ECONNRESET', 'ECONNRESET')],
  ['a missed heartbeat', error('Heartbeat timeout')],
  ['a close of our own', error('Expected BasicDeliver or BasicReturn', 505)],
])('no message is the cause of a loss by %s', (_, loss) => {
  expect(closesToBlame(closeReasonOf(loss))).toBe(Infinity);
});

test('a crash inside the broker needs more evidence than a refusal', () => {
  expect(closesToBlame({ code: 541, text: '' })).toBeGreaterThan(closesToBlame({ code: 406, text: '' }));
});

test('the broker’s text names the largest body', () => {
  const text = 'PRECONDITION_FAILED - message size 200000 is larger than configured max size 100000';
  expect(maxBodyOf({ code: 406, text })).toBe(100_000);
  expect(maxBodyOf({ code: 406, text: 'other' })).toBe(Infinity);
  expect(maxBodyOf(undefined)).toBe(Infinity);
});
