import fc from 'fast-check';
import { expect, test } from 'vitest';

import { isPlausibleAddress } from '../../../src/methods/email-address.ts';

test.each([
  'janedoe@janedoe.com',
  'a@b',
  'root@localhost',
  'first.last+tag@sub.example.co.uk',
  "o'brien&sons!#$%*/=?^_`{|}~-@example.com",
  'jürgen@münchen.example',
  '用户@例子.测试',
  'अजय@डाटा.भारत',
  'x@xn--mnchen-3ya.example',
  '1@1.2',
  'foo..bar@example.jp',
  'jane@do_e.example',
  'jane@_srv.example',
  'نامه\u200Cای@example.com',
  'علی@نامه\u200Cای.example',
  'क्\u200Dष@example.com',
  'ശ്രീമാന്\u200D@example.com',
  'ක්\u200Dරි@ශ්\u200Dරී.example',
  'র\u200D্যাব@example.com',
])('%s is plausible', (address) => {
  expect(isPlausibleAddress(address)).toBe(true);
});

test.each([
  '',
  'jane',
  '@',
  'a@',
  '@b',
  'a@b@c',
  'a b@c.example',
  'a@b c.example',
  'a@b.example\u00a0',
  'a\u3000b@c.example',
  'a\n@b.example',
  'a@b.example,c@d.example',
  'a@b.example;c@d.example',
  'a@b.example c@d.example',
  'Jane Doe <jane@doe.example>',
  '<jane@doe.example>',
  'jane@doe.example>',
  'mailto:jane@doe.example',
  '"jane doe"@doe.example',
  'jane\\@doe.example',
  'jane(comment)@doe.example',
  'jane@[192.0.2.1]',
  'jane@doe..example',
  'jane@.example',
  'jane@example.',
  'jane@-doe.example',
  'jane@doe-.example',
  '\u200Bjane@example.com',
  'jane@example.com\u200B',
  'jane@exam\u00ADple.com',
  'ja\u2060ne@example.com',
  '\uFEFFjane@example.com',
  'jane\u202E@example.com',
  'jane@\u200Eexample.com',
  'jane\u2800@example.com',
  'jane\u3164@example.com',
  'jane\uFE0F@example.com',
  'jane\u{E0041}@example.com',
  'ja\u200Dne@example.com',
  'jane\u200C@example.com',
  'نامه\u200C\u200Cای@example.com',
  'نامه\u200C@example.com',
  'نامه\u200Dای@example.com',
  'क्\u200D\u200Dष@example.com',
  'द\u200Dर@example.com',
  'د\u200Cر@example.com',
  '١\u200C٢@example.com',
  '।\u200D।@example.com',
  '😀\uFE0F@example.com',
  '©\uFE0F@example.com',
  '👍\u200D👍@example.com',
  'me@i❤️.example',
  '👩\u200D💻@example.to',
  'jane@doe.example/path',
  `jane@${'x'.repeat(64)}.example`,
  `jane@${'😀'.repeat(64)}.example`,
])('%j is not plausible', (address) => {
  expect(isPlausibleAddress(address)).toBe(false);
});

test('every address that RFC 5322 allows without quotes is plausible', () => {
  fc.assert(
    fc.property(fc.emailAddress(), (address) => {
      expect(isPlausibleAddress(address)).toBe(true);
    }),
  );
});

test('two addresses joined by any text are not one plausible address', () => {
  const joint = fc.string({ unit: 'grapheme', maxLength: 3 });
  fc.assert(
    fc.property(fc.emailAddress(), joint, fc.emailAddress(), (one, between, other) => {
      expect(isPlausibleAddress(one + between + other)).toBe(false);
    }),
  );
});

test.each([
  ['dots', `a@${'a.'.repeat(500_000)}`],
  ['at signs', '@'.repeat(1_000_000)],
  ['letters without an at sign', 'a'.repeat(1_000_000)],
  ['a local part and a bad end', `${'a'.repeat(500_000)}@${'b-'.repeat(250_000)} `],
  ['hyphens', `a@${'-'.repeat(1_000_000)}`],
])('a megabyte of %s takes linear time', (_, text) => {
  const started = performance.now();
  isPlausibleAddress(text);
  expect(performance.now() - started).toBeLessThan(1_000);
});
