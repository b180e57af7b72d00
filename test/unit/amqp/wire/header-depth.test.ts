import { expect, test } from 'vitest';

import {
  countValues,
  headersAreReadable,
  headerSpan,
  withHeadersNamed,
} from '../../../../src/amqp/wire/header-depth.ts';
import { nestedTables } from '../../../support/raw-publish.ts';

/** The payload of a content header frame with these headers, behind a content type. */
function payloadWith(headers: Buffer, length = headers.length): Buffer {
  const start = Buffer.alloc(14);
  start.writeUInt16BE(0xa000, 12);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(length);
  return Buffer.concat([start, Buffer.from('\u0004text'), size, headers, Buffer.from([7])]);
}

function sane(headers: Buffer, deepest = 64): boolean {
  const payload = payloadWith(headers);
  const span = headerSpan(payload);
  return span !== undefined && headersAreReadable(payload, span, deepest);
}

const ONE_OF_EACH = Buffer.from(
  '\u0001ab\u0001\u0001aB\u0001\u0001at\u0001\u0001as\0\0\u0001au\0\0\u0001aI\0\0\0\0\u0001ai\0\0\0\0\u0001af\0\0\0\0' +
    '\u0001ad\0\0\0\0\0\0\0\0\u0001al\0\0\0\0\0\0\0\0\u0001aT\0\0\0\0\0\0\0\0\u0001aD\0\0\0\0\0\u0001aV' +
    '\u0001aS\0\0\0\u0002xy\u0001ax\0\0\0\u0001x\u0001aF\0\0\0\0\u0001aA\0\0\0\u0003VVV\u0001aF\0\0\0\u0004\u0001at\u0001',
  'latin1',
);

test('the span excludes the bytes before and behind the headers', () => {
  expect(headerSpan(payloadWith(Buffer.from('\u0001aV')))).toEqual({ start: 19, end: 26 });
  expect(headerSpan(payloadWith(Buffer.from('\u0001aV'), 5))).toBeUndefined();
  expect(headerSpan(Buffer.alloc(14))).toBeUndefined();
});

test('values of every type are skipped', () => {
  expect(sane(ONE_OF_EACH)).toBe(true);
  expect(sane(Buffer.alloc(0))).toBe(true);
});

test('nesting is measured without recursion', () => {
  expect(sane(nestedTables('a', 64))).toBe(true);
  expect(sane(nestedTables('a', 66))).toBe(false);
  expect(sane(nestedTables('a', 20_000))).toBe(false);
  expect(sane(Buffer.concat([nestedTables('a', 66), ONE_OF_EACH]), 100)).toBe(true);
});

test.each([
  ['an unknown type', '\u0001a?\u0001'],
  ['a truncated value', '\u0001aI\0'],
  ['a text longer than the headers', '\u0001aS\0\0\0\u0009x'],
  ['a table longer than the headers', '\u0001aF\0\0\0\u0009x'],
  ['a value in a table that is longer than the table', '\u0001aF\0\0\0\u0003\u0001aI\0\0\0\0'],
  ['a truncated name', '\u0009a'],
])('%s is not readable', (_, headers) => {
  expect(sane(Buffer.from(headers, 'latin1'))).toBe(false);
});

test('values are counted at every level', () => {
  const count = (headers: Buffer): number | undefined => {
    const payload = payloadWith(headers);
    const span = headerSpan(payload);
    return span && countValues(payload, span, 64);
  };
  expect(count(Buffer.alloc(0))).toBe(0);
  expect(count(Buffer.from('\u0001aV\u0001bV', 'latin1'))).toBe(2);
  // 17 of one type each, the array's three and the last table's one.
  expect(count(ONE_OF_EACH)).toBe(22);
  expect(count(nestedTables('a', 20))).toBe(20);
});

test('headers are reduced to those with one of the names', () => {
  const payload = payloadWith(
    Buffer.concat([Buffer.from('\u0001bt\u0001\u0002bbV'), ONE_OF_EACH, Buffer.from('\u0001cV')]),
  );
  const span = headerSpan(payload);
  if (span === undefined) throw new Error('there are no headers');
  const reduced = (names: string[], maxBytes = 100): Buffer | undefined =>
    withHeadersNamed(payload, span, new Set(names), maxBytes);
  expect(reduced([])).toEqual(payloadWith(Buffer.alloc(0)));
  expect(reduced(['b', 'c', 'd'])).toEqual(payloadWith(Buffer.from('\u0001bt\u0001\u0001cV')));
  expect(reduced(['b'], 4)).toEqual(payloadWith(Buffer.from('\u0001bt\u0001')));
  expect(reduced(['b'], 3)).toBeUndefined();
});

test('of very many headers with one name only the last is kept', () => {
  const payload = payloadWith(
    Buffer.concat([Buffer.from('\u0001at\u0000'.repeat(5_000)), Buffer.from('\u0001at\u0001')]),
  );
  const span = headerSpan(payload);
  if (span === undefined) throw new Error('there are no headers');
  expect(withHeadersNamed(payload, span, new Set(['a']), 100)).toEqual(payloadWith(Buffer.from('\u0001at\u0001')));
});
