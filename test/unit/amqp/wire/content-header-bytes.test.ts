import { expect, test } from 'vitest';

import { contentHeaderBytes } from '../../../../src/amqp/wire/content-header-bytes.ts';

/** Frame, class, weight, body size, flags, and the headers' tag and length. */
const EMPTY = 8 + 14 + 5;

test.each([
  [{}, EMPTY],
  [{ messageId: 'é' }, EMPTY + 3],
  [{ headers: { a: 'bc' } }, EMPTY + 2 + 7],
  [{ headers: { a: Buffer.alloc(10), b: [true], c: { d: null } } }, EMPTY + 17 + (2 + 5 + 9) + (2 + 5 + 2 + 9)],
  [{ headers: { a: { '!': 'timestamp', value: 1 } } }, EMPTY + 11],
])('%j needs at most %i bytes', (options, bytes) => {
  expect(contentHeaderBytes(options)).toBe(bytes);
});
