import { expect, test } from 'vitest';
import { parseReplyToPattern } from '../../../src/settings/reply-to-pattern.ts';

function matches(pattern: string, name: string): boolean {
  const parsed = parseReplyToPattern(pattern);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.pattern.test(name);
}

test.each([
  ['^replies\\.', 'replies.1', true],
  ['^replies\\.', 'other.replies.1', false],
  ['replies', 'other.replies.1', true],
  ['Replies', 'replies', false],
  ['^amq\\.gen-[\\w-]{22}$', 'amq.gen-JzTY20BRgKO-HjmUJj0wLg', true],
  ['^(?<team>sales|support)\\.\\d+$', 'support.12', true],
  ['^\\u00e4[^]\\/$', 'ä\n/', true],
  ['^.$', '😀', true],
  ['a$', 'a\n', false],
])('%j finds in %j: %s', (pattern, name, expected) => {
  expect(matches(pattern, name)).toBe(expected);
});

test.each([
  ['^([a-z0-9]+[-.]?)+$', `${'a'.repeat(40)}!`],
  ['^(a+)+$', `${'a'.repeat(254)}!`],
  ['^(a|aa)+$', `${'a'.repeat(254)}!`],
  ['(.*)*(.*)*(.*)*z', 'a'.repeat(255)],
  ['^(\\w+\\s?)*$', `${'a'.repeat(254)}!`],
])('%s rejects a name built against backtracking at once', (pattern, name) => {
  const since = performance.now();
  expect(matches(pattern, name)).toBe(false);
  expect(performance.now() - since).toBeLessThan(1_000);
});

test.each([
  ['(', 'this one does not compile'],
  ['a(?=b)', 'it has no lookaround'],
  ['(?<!a)b', 'it has no lookaround'],
  ['(a)\\1', 'it has no backreferences'],
  ['(?!x)(?<n>a)\\k<n>', 'it has no lookaround and no backreferences'],
  ['a'.repeat(1_001), 'at most 1000 characters'],
  ['(a{0,100}){0,100}', 'does not compile'],
  ['(a{0,30}){0,30}', 'simpler'],
])('%s is refused: %s', (pattern, words) => {
  const parsed = parseReplyToPattern(pattern);
  expect('problem' in parsed ? parsed.problem : '').toContain(words);
});
