import fc from 'fast-check';
import { expect, test } from 'vitest';

import { isBlank, trimmed } from '../../../src/protocol/characters.ts';
import { anyCharacter } from '../methods/request-elements.ts';

test('the four characters of XML white space are removed at the ends and kept inside', () => {
  expect(trimmed(' \t\r\nJane \t\r\n Doe\n\r\t ')).toBe('Jane \t\r\n Doe');
  expect(trimmed(' \r\n\t ')).toBe('');
  expect(trimmed('')).toBe('');
});

test.each(['\u00a0', '\u3000', '\u2028', '\u0085', '\u200b', '\ufeff'])('other Unicode space %j is text', (space) => {
  expect(trimmed(` ${space} `)).toBe(space);
  expect(isBlank(space)).toBe(false);
});

test('for any text, trimming removes exactly the white space at its ends', () => {
  const text = fc.string({ unit: anyCharacter });
  fc.assert(
    fc.property(text, (whole) => {
      const rest = trimmed(whole);
      const at = whole.indexOf(rest);
      expect(rest).not.toMatch(/^[ \t\r\n]|[ \t\r\n]$/);
      expect(isBlank(whole.slice(0, at))).toBe(true);
      expect(isBlank(whole.slice(at + rest.length))).toBe(true);
    }),
  );
});

test('a megabyte of white space is trimmed in linear time', () => {
  const started = performance.now();
  expect(trimmed(`${' '.repeat(500_000)}x y${'\n'.repeat(500_000)}`)).toBe('x y');
  expect(performance.now() - started).toBeLessThan(1_000);
});
