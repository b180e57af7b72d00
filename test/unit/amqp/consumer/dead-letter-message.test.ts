import type { Message } from 'amqplib';
import { expect, test } from 'vitest';

import { deadLetterMessage, type KeptProperties } from '../../../../src/amqp/consumer/dead-letter-message.ts';
import { headerSize } from '../../../../src/amqp/wire/header-table.ts';

const diagnosis = { code: 'INTERNAL_ERROR' as const, attempts: 1, firstError: 'f', lastError: 'l', referenceId: 'r' };

function letter(properties: object, { frameMax = 131_072, kept }: { frameMax?: number; kept?: KeptProperties } = {}) {
  const request = { content: Buffer.from('body'), fields: {}, properties } as unknown as Message;
  return deadLetterMessage(request, 'q', diagnosis, kept).options('id', frameMax);
}

const ids = { messageId: 'm', correlationId: 'c', replyTo: 'r', appId: 'a', type: 't', timestamp: 1 };

test('a dead letter keeps every property that can be sent, and drops the one that cannot', () => {
  const tooLong = '\u{fffd}'.repeat(100);
  for (const [name, header] of [
    ['messageId', 'diagnosis-dropped-message-id'],
    ['correlationId', 'diagnosis-dropped-correlation-id'],
    ['replyTo', 'diagnosis-dropped-reply-to'],
    ['appId', 'diagnosis-dropped-app-id'],
    ['type', 'diagnosis-dropped-type'],
  ] as const) {
    const { headers, ...options } = letter({ ...ids, [name]: tooLong, headers: { own: 1 } });
    const { [name]: _dropped, ...others } = ids;
    expect(options).toEqual({ ...others, persistent: true });
    expect(headers).toMatchObject({
      own: 1,
      [header]: tooLong,
      'diagnosis-dropped': header.slice(18).replace('-', '_'),
    });
  }
});

test('the literal direct reply-to address is kept as text: the broker closes the channel over it', () => {
  const { headers, ...options } = letter({ ...ids, replyTo: 'amq.rabbitmq.reply-to' });
  expect(options).not.toHaveProperty('replyTo');
  expect(options).toMatchObject({ messageId: 'm', correlationId: 'c' });
  expect(headers).toMatchObject({ 'diagnosis-dropped-reply-to': 'amq.rabbitmq.reply-to' });
  expect(letter({ replyTo: 'amq.rabbitmq.reply-to.g1h2' })).toMatchObject({ replyTo: 'amq.rabbitmq.reply-to.g1h2' });
});

test('headers that do not fit into a frame are dropped, the largest first', () => {
  const headers = { small: 'x', large: 'x'.repeat(7_000), middle: 'x'.repeat(1_000) };
  const options = letter({ ...ids, headers }, { frameMax: 8_192 });
  expect(options).toMatchObject(ids);
  expect(options.headers).toMatchObject({ small: 'x', middle: headers.middle, 'diagnosis-dropped': 'large' });
  expect(options.headers).not.toHaveProperty('large');
  expect(letter({ ...ids, headers }).headers).toMatchObject(headers);
});

test('at the smallest frame size a dead letter keeps its diagnosis and its ids', () => {
  const long = 'x'.repeat(255);
  const all = { messageId: long, correlationId: long, replyTo: long, appId: long, type: long, contentType: long };
  const options = letter({ ...all, headers: { large: 'x'.repeat(3_000) } }, { frameMax: 4_096 });
  expect(options).toMatchObject(all);
  expect(options.headers).toMatchObject({
    'diagnosis-code': 'INTERNAL_ERROR',
    'publish-id': 'id',
    'diagnosis-dropped': 'large',
  });
});

test('reduced dead letters keep the ids without headers, or everything as text', () => {
  const properties = { ...ids, headers: { own: 1 } };
  const { headers, ...options } = letter(properties, { kept: 'ids' });
  expect(options).toEqual({ ...ids, persistent: true });
  expect(headers).toMatchObject({ 'diagnosis-code': 'INTERNAL_ERROR', 'diagnosis-dropped': 'own' });
  const bare = letter(properties, { kept: 'nothing' });
  expect(Object.keys(bare)).toEqual(['persistent', 'headers']);
  expect(bare.headers).toMatchObject({ 'diagnosis-dropped-message-id': 'm', 'diagnosis-dropped-reply-to': 'r' });
});

test.each([
  ['NaN', Number.NaN],
  ['a negative infinity', -Infinity],
  ['an integer below the 64-bit range', -1e300],
  ['a fraction that amqplib encodes as an integer', 2 ** 50 + 0.5],
  ['a timestamp beyond 64 bits', { '!': 'timestamp', value: 2 ** 64 }],
  ['an unknown notation of amqplib', { '!': 'other', value: 1 }],
  ['an array that holds one of these', [1, [Number.NaN]]],
  ['too many levels', Array.from({ length: 40 }).reduce<object>((inner) => ({ inner }), {})],
  ['fields of a prototype', Object.create({ hidden: 'x' })],
])('a header that cannot be encoded again is dropped: %s', (_, value) => {
  expect(headerSize('name', value)).toBeUndefined();
  const options = letter({ messageId: 'm', headers: { bad: value, good: 1 } });
  expect(options).toMatchObject({ messageId: 'm', headers: { good: 1, 'diagnosis-dropped': 'bad' } });
  expect(options.headers).not.toHaveProperty('bad');
});
