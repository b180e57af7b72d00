import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { marksOf } from '../../../src/console/documents/marks.ts';
import { outline } from '../../../src/console/documents/outline.ts';
import { readPage, readPageFiles } from '../../../src/console/page-files.ts';
import { hostsOf, isLoopback, isSameOrigin } from '../../../src/console/security/hosts.ts';
import { isGuessable } from '../../../src/console/security/sessions.ts';
import { WrongTokens } from '../../../src/console/security/wrong-tokens.ts';
import { parseDocument } from '../../../src/codec/document.ts';

const root = new URL('../../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');

test('the package and the image hold the page', () => {
  const { files } = JSON.parse(text('package.json')) as { readonly files: string[] };
  expect(files).toContain('console');
  expect(text('Dockerfile')).toContain('COPY console ./console\n');
  expect(text('.dockerignore')).toContain('!console\n');
});

test('every file of the page is served, and every file that one asks for', () => {
  const served = readPageFiles();
  const own = readdirSync(new URL('console/', root)).filter((name) => !name.endsWith('.html'));
  expect([...served.keys()]).toEqual(expect.arrayContaining(own));
  const texts = [...[...served.values()].map((file) => file.text), readPage('index.html')(), readPage('login.html')()];
  const asked = texts.flatMap((file) => [...file.matchAll(/(?:from '\.|["'(]\/assets)\/([\w.-]+)["')]/g)]);
  expect(asked.length).toBeGreaterThan(15);
  for (const [, name = ''] of asked) expect(served.has(name), name).toBe(true);
});

test('the pages hold no inline script, style or handler, and name no other server', () => {
  for (const name of ['index.html', 'login.html'] as const) {
    const page = readPage(name)();
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?:/);
  }
});

test('what is filled into a page is escaped', () => {
  expect(readPage('login.html')({ problem: '<b a="1">&' })).toContain('&#60;b a=&#34;1&#34;&#62;&#38;');
});

test('only names of this console are hosts', () => {
  const hosts = (host: string, port: number, allowedHosts: readonly string[] = [], publicOrigin?: string) =>
    hostsOf({ host, port, allowedHosts, publicOrigin });
  expect([...hosts('127.0.0.1', 8090)]).toEqual(['127.0.0.1:8090', 'localhost:8090', '[::1]:8090']);
  expect(hosts('::', 1).has('[::]:1')).toBe(false);
  expect(hosts('fd00::1', 1).has('[fd00::1]:1')).toBe(true);
  expect(hosts('0.0.0.0', 1, ['Console.example']).has('console.example')).toBe(true);
  expect(hosts('127.0.0.1', 80).has('localhost')).toBe(true);
  expect(hosts('127.0.0.1', 8080).has('localhost')).toBe(false);
  expect(hosts('127.0.0.1', 1, [], 'https://a.example:8443').has('a.example:8443')).toBe(true);
  expect(hosts('127.0.0.1', 1, [], 'https://a.example:8443').has('a.example')).toBe(false);
  expect(hosts('127.0.0.1', 1, [], 'https://a.example').has('a.example:80')).toBe(false);
});

test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('%s is reached by this machine alone', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(['0.0.0.0', '::', '10.0.0.1', '127.example', 'localhost.example'])('others may reach %s', (host) => {
  expect(isLoopback(host)).toBe(false);
});

test('another origin, or what the browser calls another site, is refused', () => {
  const same = (headers: Readonly<Record<string, string>>): boolean => isSameOrigin(new Headers(headers));
  expect(same({ host: 'a:1', origin: 'http://a:1', 'sec-fetch-site': 'same-origin' })).toBe(true);
  expect(same({ host: 'a:1' })).toBe(true);
  expect(same({ host: 'a:1', origin: 'http://a:2' })).toBe(false);
  expect(same({ host: 'a:1', origin: 'null' })).toBe(false);
  expect(same({ host: 'a:1', 'sec-fetch-site': 'same-site' })).toBe(false);
  expect(same({ host: 'a:80', origin: 'http://a' })).toBe(true);
  expect(same({ host: 'a:443', origin: 'https://a' })).toBe(true);
  expect(same({ host: 'a:443', origin: 'http://a' })).toBe(false);
  expect(same({ origin: 'http://a' })).toBe(false);
});

test('more than ten wrong tokens of one address in a minute are too many; a few of them are recorded', () => {
  let now = 1_000;
  const wrong = new WrongTokens(() => now);
  for (let nth = 1; nth <= 10; nth += 1) {
    expect(wrong.add('a')).toEqual({ count: nth, waitSeconds: 0, isRecorded: true });
  }
  expect(wrong.add('a')).toEqual({ count: 11, waitSeconds: 60, isRecorded: false });
  expect(wrong.add('b').waitSeconds).toBe(0);
  now += 60_000;
  expect(wrong.add('a')).toEqual({ count: 1, waitSeconds: 0, isRecorded: true });
  const recorded = Array.from({ length: 10_000 }, () => wrong.add('c')).filter(({ isRecorded }) => isRecorded);
  expect(recorded.slice(10).map(({ count }) => count)).toEqual([100, 1_000, 10_000]);
  for (let nth = 0; nth < 3_000; nth += 1) wrong.add(`address ${nth}`);
  expect(wrong.size).toBe(1_000);
});

test('an IPv6 network of 64 bits is one guesser', () => {
  const wrong = new WrongTokens();
  for (let nth = 0; nth < 10; nth += 1) wrong.add(`2001:db8::${nth}`);
  expect(wrong.add('2001:db8:0:0:1:2:3:4').count).toBe(11);
  expect(wrong.add('2001:db8:0:1::1').count).toBe(1);
  expect(wrong.add('::ffff:127.0.0.1').count).toBe(1);
  expect(wrong.add('::ffff:127.0.0.2').count).toBe(1);
});

test.each([
  ['a'.repeat(40), true],
  ['passwordpassword', true],
  ['a-token-of-the-operators', false],
  ['kq3Vt9sWm2Xc8LpR', false],
])('the token %s is easy to guess: %s', (token, expected) => {
  expect(isGuessable(token)).toBe(expected);
});

test('faults are marked at the place that the message names, else at their element', () => {
  const document = '<request>\n  <email>a</email><x/>\n  <email>b</email>\n</request>';
  const at = (message: string, field?: string): unknown[] =>
    marksOf(document, [{ code: 'C', field, message }]).map(({ line, column }) => [line, column]);
  expect(at('line 2, column 7: a fault')).toEqual([[2, 7]]);
  expect(at('email is not valid', 'email')).toEqual([[2, 3]]);
  expect(at('email appears more than once', 'email')).toEqual([[3, 3]]);
  expect(at('phone is missing', 'phone')).toEqual([[null, null]]);
  expect(at('x', '(a+)+')).toEqual([[null, null]]);
});

test('an outline holds no value, no unknown name and no attribute of a producer', () => {
  const xml =
    '<request method="contact.get" who="Jane"><email>j@x.org</email><jane.doe>1</jane.doe><phone/>Jane</request>';
  const parsed = parseDocument(Buffer.from(xml));
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const shown = outline(parsed.root, new Set(['request', 'contact.get', 'email', 'phone']));
  expect(shown).toBe(
    '<request method="contact.get" •••>\n  <email>•••</email>\n  <•••>•••</•••>\n  <phone/>\n</request>',
  );
});
