import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { identityOf } from '../../../src/pipeline/identity.ts';
import type { Delivery } from '../../../src/protocol/delivery.ts';

type Message = Omit<Delivery, 'channel'>;

const requestKeyOf = (of: Message) => identityOf(of).key;

const none = { appId: undefined, messageId: undefined, correlationId: undefined, replyTo: undefined, headers: {} };

function delivery(properties: Partial<Delivery['properties']>, body = '<request/>', redelivered = false): Message {
  return { body: Buffer.from(body), redelivered, properties: { ...none, ...properties } };
}

test('equal app_id, message_id and body have one key, whatever the reply queue and correlation id', () => {
  const one = requestKeyOf(delivery({ appId: 'crm', messageId: '1', replyTo: 'a', correlationId: 'x' }));
  const two = requestKeyOf(
    delivery({ appId: 'crm', messageId: '1', replyTo: 'b', correlationId: 'y' }, undefined, true),
  );
  expect(two).toEqual(one);
});

test('another body, id or producer is another request', () => {
  const ids = [
    requestKeyOf(delivery({ appId: 'crm', messageId: '1' })),
    requestKeyOf(delivery({ appId: 'crm', messageId: '1' }, '<request />')),
    requestKeyOf(delivery({ appId: 'crm', messageId: '2' })),
    requestKeyOf(delivery({ appId: 'erp', messageId: '1' })),
    requestKeyOf(delivery({ messageId: '1' })),
  ].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('the key is a hash of the ids and the body, whatever they hold and however long they are', () => {
  const long = fc.string({ unit: 'binary', minLength: 1, maxLength: 3_000 });
  const id = fc.oneof(fc.constantFrom('crm', '\uD800', '\u{1F600}'.repeat(700)), long);
  const body = fc.oneof(
    fc.constantFrom(0, 1, 4_070, 4_080, 4_090, 4_096, 4_097, 20_000).map((size) => 'x'.repeat(size)),
    fc.string(),
  );
  fc.assert(
    fc.property(id, id, body, (appId, messageId, text) => {
      const hashed = createHash('sha256')
        .update(`${JSON.stringify([appId, messageId])}\n`)
        .update(text);
      const expected = `m${hashed.digest('base64url').slice(0, 24)}`;
      expect(requestKeyOf(delivery({ appId, messageId }, text)).id).toBe(expected);
    }),
  );
});

test('moving a character from one property to the next changes the key', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 2 }), (appId, messageId) => {
      const shifted = { appId: appId + messageId.slice(0, 1), messageId: messageId.slice(1) };
      expect(requestKeyOf(delivery(shifted)).id).not.toBe(requestKeyOf(delivery({ appId, messageId })).id);
    }),
  );
});

test('without message_id two messages are two requests, and a redelivery finds the effect of an earlier delivery', () => {
  const properties = { replyTo: 'answers', correlationId: '7' };
  const first = requestKeyOf(delivery(properties));
  const second = requestKeyOf(delivery(properties));
  const again = requestKeyOf(delivery(properties, undefined, true));
  expect(first.id).not.toBe(second.id);
  expect(first.earlier).toBeUndefined();
  expect(again.earlier).toBeDefined();
  expect(first.id.startsWith(again.earlier ?? 'nothing')).toBe(true);
});

test('a request that nothing identifies has a new key each time', () => {
  const again = requestKeyOf(delivery({}, undefined, true));
  expect(again.earlier).toBeUndefined();
  expect(again.id).not.toBe(requestKeyOf(delivery({}, undefined, true)).id);
});

test('attempt id and reference are equal for all deliveries of a message', () => {
  for (const properties of [{ messageId: 'm' }, { replyTo: 'q' }, { correlationId: 'c' }]) {
    const first = identityOf(delivery(properties));
    const again = identityOf(delivery(properties, undefined, true));
    expect(again.attemptId).toBe(first.attemptId);
    expect(again.referenceId).toBe(first.referenceId);
    expect(identityOf(delivery(properties, '<other/>')).attemptId).not.toBe(first.attemptId);
  }
  expect(identityOf(delivery({})).attemptId).toBe(identityOf(delivery({}, undefined, true)).attemptId);
});

const NOT_TEXT = Buffer.from([0xff, 0xfe]).toString();

test.each(['appId', 'messageId', 'correlationId', 'replyTo'] as const)(
  'a request whose %s is not UTF-8 is nobody else’s, is said so, and its deliveries share their attempts only',
  (name) => {
    const broken = { appId: 'a', messageId: 'm', correlationId: 'c', replyTo: 'q', [name]: NOT_TEXT };
    const [one, other] = [identityOf(delivery(broken)), identityOf(delivery(broken, undefined, true))];
    expect(one.key.id).not.toBe(other.key.id);
    expect([one.key.earlier, other.key.earlier]).toEqual([undefined, undefined]);
    expect(one.unreadable).toBe(name.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`));
    expect(one.attemptId).toBe(other.attemptId);
  },
);

test('a request whose ids are valid UTF-8 is readable, whatever they contain', () => {
  for (const id of ['m', '', '\uFEFF', 'ÿþ', '😀', '\u0000']) {
    expect(
      identityOf(delivery({ appId: id, messageId: id, correlationId: id, replyTo: id })).unreadable,
    ).toBeUndefined();
  }
});

test.each([
  [1_700_000_000_000, 1_700_000_000_000],
  ['1700000000000', 1_700_000_000_000],
  [0, 0],
  [undefined, undefined],
  [1_764_230_400_123.5, 1_764_230_400_123],
  ['1764230400123.999999', 1_764_230_400_123],
  [9_007_199_254_740_991, 9_007_199_254_740_991],
])('the deadline header %o means %o', (header, meaning) => {
  expect(identityOf(delivery({ headers: { deadline: header } })).deadline).toBe(meaning);
});

test.each([
  [-1, 'below 0'],
  [-0.5, 'below 0'],
  [Number.NaN, 'out of range'],
  [Number.POSITIVE_INFINITY, 'out of range'],
  [9_007_199_254_740_992, 'out of range'],
  ['soon', 'a text'],
  ['', 'a text'],
  ['1764230400123.', 'a text'],
  ['1e12', 'a text'],
  ['-1', 'a text'],
  ['2026-11-27T12:00:00Z', 'a date in words'],
  [{ '!': 'timestamp', value: 1_764_230_400 }, 'an AMQP timestamp, which counts seconds'],
  [{ '!': 'decimal', value: { places: 0, digits: 1_764_230_400 } }, 'an AMQP decimal'],
  [Buffer.from('1764230400123'), 'bytes'],
  [true, 'no number at all'],
  [[1_764_230_400_123], 'no number at all'],
])('the deadline header %o is rejected, and its kind reported', (header, what) => {
  expect(identityOf(delivery({ headers: { deadline: header } })).deadline).toEqual({
    wrong: `the header deadline is not a number of milliseconds since the epoch; it is ${what}`,
  });
});
