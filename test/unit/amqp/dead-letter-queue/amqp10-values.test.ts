import { expect, test } from 'vitest';

import {
  binary,
  described,
  FALSE,
  isTrue,
  NULL,
  numberOf,
  readAmqp10,
  string,
  textOf,
  TRUE,
  uint,
} from '../../../../src/amqp/dead-letter-queue/amqp10-values.ts';

test('a described list is decoded as it was encoded', () => {
  const bytes = described(0x14, [uint(7), string('é'), binary(Buffer.from([1, 2])), TRUE, FALSE, NULL]);
  const { value, end } = readAmqp10(bytes, 0);
  expect(end).toBe(bytes.length);
  expect(value.descriptor).toBe(0x14);
  const [number, text, raw, yes, no, nothing] = value.items;
  expect(numberOf(number)).toBe(7);
  expect(textOf(text)).toBe('é');
  expect(raw?.bytes).toEqual(Buffer.from([1, 2]));
  expect([isTrue(yes), isTrue(no), numberOf(nothing)]).toEqual([true, false, 0]);
});

test.each([
  ['smallulong', '53 07', 7],
  ['ulong', '80 0000000000000007', 7],
  ['smalluint', '52 ff', 255],
  ['uint0', '43', 0],
])('short and long forms of a number are equal: %s', (_, hex, number) => {
  expect(numberOf(readAmqp10(Buffer.from(hex.replaceAll(' ', ''), 'hex'), 0).value)).toBe(number);
});

test('short lists and maps are decoded with their members', () => {
  // A map with the key `a` and a list of one char.
  const { value } = readAmqp10(Buffer.from('c10c02a10161c006017300000041', 'hex'), 0);
  expect(value.items.map(({ constructorCode }) => constructorCode)).toEqual([0xa1, 0xc0]);
  expect(value.items[1]?.items.map(({ constructorCode }) => constructorCode)).toEqual([0x73]);
});

test('nesting of any depth is skipped', () => {
  let nested = Buffer.from([0x45]);
  for (let depth = 0; depth < 2_000; depth += 1) {
    const start = Buffer.from([0xd0, 0, 0, 0, 0, 0, 0, 0, 1]);
    start.writeUInt32BE(nested.length + 4, 1);
    nested = Buffer.concat([start, nested]);
  }
  expect(readAmqp10(nested, 0).end).toBe(nested.length);
});

test.each(['', 'a1', 'a10561', '70 00', 'b0 00000005 01', 'c0 05 02 a1 09'])(
  'a truncated value is rejected: %j',
  (hex) => {
    expect(() => readAmqp10(Buffer.from(hex.replaceAll(' ', ''), 'hex'), 0)).toThrow(RangeError);
  },
);
