import fc from 'fast-check';
import { expect, test } from 'vitest';

import { identityOf } from '../../../src/dispatch/identity.ts';
import type { Delivery } from '../../../src/protocol/delivery.ts';

type Message = Omit<Delivery, 'channel'>;

const requestKeyOf = (of: Message) => identityOf(of).key;

const none = { appId: undefined, messageId: undefined, correlationId: undefined, replyTo: undefined, headers: {} };

function delivery(properties: Partial<Delivery['properties']>, body = '<request/>', redelivered = false): Message {
  return { body: Buffer.from(body), redelivered, properties: { ...none, ...properties } };
}

test('the same app_id, message_id and body have one key, whoever sends them and wherever the answer goes', () => {
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

test('where one property ends and the next begins makes a difference', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 2 }), (appId, messageId) => {
      const shifted = { appId: appId + messageId.slice(0, 1), messageId: messageId.slice(1) };
      expect(requestKeyOf(delivery(shifted)).id).not.toBe(requestKeyOf(delivery({ appId, messageId })).id);
    }),
  );
});

test('without message_id two sendings are two requests, and a redelivery finds what an earlier delivery did', () => {
  const properties = { replyTo: 'answers', correlationId: '7' };
  const first = requestKeyOf(delivery(properties));
  const second = requestKeyOf(delivery(properties));
  const again = requestKeyOf(delivery(properties, undefined, true));
  expect(first.id).not.toBe(second.id);
  expect(first.earlier).toBeUndefined();
  expect(again.earlier).toBeDefined();
  expect(first.id.startsWith(again.earlier ?? 'nothing')).toBe(true);
});

test('a request that nothing identifies has a key of its own each time', () => {
  const again = requestKeyOf(delivery({}, undefined, true));
  expect(again.earlier).toBeUndefined();
  expect(again.id).not.toBe(requestKeyOf(delivery({}, undefined, true)).id);
});

test('attempts are counted, and a request is referred to, by what all its deliveries have in common', () => {
  for (const properties of [{ messageId: 'm' }, { replyTo: 'q' }, { correlationId: 'c' }]) {
    const first = identityOf(delivery(properties));
    const again = identityOf(delivery(properties, undefined, true));
    expect(again.attemptId).toBe(first.attemptId);
    expect(again.referenceId).toBe(first.referenceId);
    expect(identityOf(delivery(properties, '<other/>')).attemptId).not.toBe(first.attemptId);
  }
  expect(identityOf(delivery({})).attemptId).toBe(identityOf(delivery({}, undefined, true)).attemptId);
});

test.each([
  [1_700_000_000_000, 1_700_000_000_000],
  ['1700000000000', 1_700_000_000_000],
  [0, 0],
  [undefined, undefined],
  [-1, 'invalid'],
  [1.5, 'invalid'],
  ['soon', 'invalid'],
  ['', 'invalid'],
  [Number.NaN, 'invalid'],
  [{ '!': 'timestamp', value: 1 }, 'invalid'],
])('the deadline header %o means %o', (header, meaning) => {
  expect(identityOf(delivery({ headers: { deadline: header } })).deadline).toBe(meaning);
});
