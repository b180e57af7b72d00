import { expect, test } from 'vitest';

import { formatRow, formatLetter, formatLetterJson } from '../../../src/dead-letters/letter-format.ts';
import type { DeadLetter } from '../../../src/protocol/dead-letter.ts';

const summary = { reference: 'm1', cause: 'INTERNAL_ERROR', attempts: 5, time: undefined, method: 'contact.get' };

function letter(body: string | Buffer, headers: Record<string, unknown> = {}): DeadLetter {
  return { body: Buffer.from(body), headers, properties: { message_id: 'one' }, identity: 'one' };
}

test('a missing value is a dash, so that columns stay aligned', () => {
  const row = formatRow({ ...summary, attempts: undefined, method: undefined });
  expect(row.split(/\s+/)).toEqual(['m1', 'INTERNAL_ERROR', '-', '-', '-']);
});

test('an id cannot control the terminal or start a new line', () => {
  const row = formatRow({ ...summary, reference: 'a\u001b[2Jb\nc\u202ed' });
  expect(row).toMatch(/^a\\u\{1b\}\[2Jb\\u\{a\}c\\u\{202e\}d /);
});

test('a body keeps its lines and cannot control the terminal', () => {
  const text = formatLetter(summary, letter('<a>\r\n\té\u001b]0;title\u0007\rover</a>'));
  expect(text).toContain('<a>\r\n\té\\u{1b}]0;title\\u{7}\\u{d}over</a>');
});

test('a body that is not UTF-8 is shown in Base64', () => {
  const body = Buffer.from([0xff, 0xfe, 0x3c, 0x00]);
  expect(formatLetter(summary, letter(body))).toContain('body (4 bytes, not UTF-8, in Base64)\n//48AA==');
  expect(JSON.parse(formatLetterJson(summary, letter(body)))).toMatchObject({
    body: '//48AA==',
    body_encoding: 'base64',
  });
});

test('headers of every type are shown', () => {
  const headers = { list: [1, 'a'], bytes: Buffer.from('abc'), big: 2n ** 60n, table: { deep: true }, none: null };
  const { headers: shown } = JSON.parse(formatLetterJson(summary, letter('', headers))) as { headers: unknown };
  expect(shown).toEqual({
    list: [1, 'a'],
    bytes: 'YWJj',
    big: '1152921504606846976',
    table: { deep: true },
    none: null,
  });
  expect(formatLetter(summary, letter('', headers))).toContain('YWJj');
});

test('JSON stays on one line and keeps the body exact', () => {
  const json = formatLetterJson(summary, letter('<a>\n\u001b</a>'));
  expect(json).not.toContain('\n');
  expect(JSON.parse(json)).toMatchObject({
    reference: 'm1',
    properties: { message_id: 'one' },
    body: '<a>\n\u001b</a>',
  });
});

test('JSON cannot control the terminal, and keeps its value', () => {
  const value = 'a\u001b[2J\u009b2J\u202eb\u{e0041}\u2028"\\';
  const json = formatLetterJson(summary, letter('', { [value]: value }));
  expect(json).not.toMatch(/[\u001b\u009b\u202e\u2028\u{e0041}]/u);
  expect(JSON.parse(json)).toMatchObject({ headers: { [value]: value } });
});

test('invisible characters are escaped in ids and headers; bodies keep the joiners of scripts', () => {
  expect(formatRow({ ...summary, reference: 'a\u200b\u009bb\u2028c\u00add' })).toMatch(
    /^a\\u\{200b\}\\u\{9b\}b\\u\{2028\}c\\u\{ad\}d /,
  );
  const text = formatLetter(summary, letter('می\u200cخواهم \u200e\u2066\u{1f468}\u200d\u{1f469}'));
  expect(text).toContain('می\u200cخواهم \\u{200e}\\u{2066}\u{1f468}\u200d\u{1f469}');
});
