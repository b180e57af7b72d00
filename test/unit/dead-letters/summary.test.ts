import { expect, test } from 'vitest';

import { obstacleTo, matchesReference, summaryOf } from '../../../src/dead-letters/summary.ts';
import type { DeadLetter } from '../../../src/protocol/dead-letter.ts';

function letter(headers: Record<string, unknown> = {}, properties: DeadLetter['properties'] = {}): DeadLetter {
  return { body: Buffer.from('<request/>'), headers, properties, identity: 'one' };
}

const noMethod = (): undefined => undefined;
const deaths = [
  { reason: 'maxlen', time: { '!': 'timestamp', value: 1_700_000_000 } },
  { reason: 'expired', time: { '!': 'timestamp', value: 1_600_000_000 } },
];

test('the worker’s diagnosis takes precedence over the broker’s x-death', () => {
  const headers = { 'diagnosis-code': 'INTERNAL_ERROR', 'diagnosis-reference-id': 'm1', 'diagnosis-attempts': 3 };
  const summary = summaryOf(letter({ ...headers, 'x-death': deaths }, { message_id: 'one' }), () => 'contact.get');
  expect(summary).toMatchObject({ reference: 'm1', cause: 'INTERNAL_ERROR', attempts: 3, method: 'contact.get' });
});

test('the latest x-death entry counts', () => {
  expect(summaryOf(letter({ 'x-death': deaths }, { message_id: 'one' }), noMethod)).toEqual({
    reference: 'one',
    cause: 'maxlen',
    attempts: undefined,
    time: '2023-11-14T22:13:20.000Z',
    method: undefined,
  });
});

test.each([
  [{}],
  [{ 'x-death': 'text' }],
  [{ 'x-death': [null] }],
  [{ 'x-death': [{ reason: 7, time: { value: Number.MAX_VALUE } }] }],
  [{ 'diagnosis-code': 1, 'diagnosis-attempts': 'many', 'diagnosis-reference-id': '', 'diagnosis-time': {} }],
])('headers of the wrong type are ignored: %j', (headers) => {
  expect(summaryOf(letter(headers), noMethod)).toMatchObject({
    cause: 'unknown',
    attempts: undefined,
    time: undefined,
  });
});

test('a letter matches its reference and its message id, and its hash only if it has neither', () => {
  const named = letter({ 'diagnosis-reference-id': 'm1' }, { message_id: 'one' });
  expect(['m1', 'one', 'two', ''].filter((reference) => matchesReference(named, reference))).toEqual(['m1', 'one']);
  const nameless = letter({}, { correlation_id: 'c1' });
  const { reference } = summaryOf(nameless, noMethod);
  expect(reference).toMatch(/^hash-[\da-f]{16}$/);
  expect(matchesReference(nameless, reference)).toBe(true);
  expect(matchesReference(letter({}, { correlation_id: 'c2' }), reference)).toBe(false);
});

test.each([
  ['REPLY_TO_OWN_QUEUE', 'one', 'refused again'],
  ['REPLY_TO_NOT_ALLOWED', undefined, 'refused again'],
  ['INTERNAL_ERROR', 'one', undefined],
  ['INTERNAL_ERROR', undefined, 'not idempotent'],
  ['ANSWER_REFUSED', 'one', undefined],
  ['ANSWER_UNSENDABLE', undefined, 'not idempotent'],
])('the obstacle to sending back %s with the message id %s is: %s', (code, messageId, obstacle) => {
  const properties = messageId === undefined ? {} : { message_id: messageId };
  expect(obstacleTo(letter({ 'diagnosis-code': code }, properties))).toBe(obstacle);
});

test('an expired request was never started, so it needs no message id', () => {
  expect(obstacleTo(letter({ 'x-death': [{ reason: 'expired' }] }))).toBeUndefined();
});

test('a request that the worker had the broker dead-letter may have taken effect', () => {
  const rejected = { 'x-death': [{ reason: 'rejected' }] };
  expect(obstacleTo(letter(rejected))).toBe('not idempotent');
  expect(obstacleTo(letter(rejected, { message_id: 'one' }))).toBeUndefined();
});
