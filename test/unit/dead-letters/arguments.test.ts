import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { CLI_EXIT_CODES } from '../../../src/protocol/catalogue.ts';
import { parseCommand, USAGE, UsageError } from '../../../src/dead-letters/arguments.ts';

const noOptions = { dryRun: false, yes: false, force: false };

test.each([
  ['list', { action: 'list', json: false, reference: undefined, reason: undefined }],
  ['list --json --reason expired', { action: 'list', json: true, reference: undefined, reason: 'expired' }],
  ['show m1', { action: 'show', json: false, reference: 'm1', reason: undefined }],
  ['send-back m1', { action: 'send-back', reference: 'm1', reason: undefined, ...noOptions }],
  [
    'send-back --all --reason X --yes --force --dry-run',
    { action: 'send-back', reference: undefined, reason: 'X', dryRun: true, yes: true, force: true },
  ],
  ['discard --all -y', { action: 'discard', reference: undefined, reason: undefined, ...noOptions, yes: true }],
  ['discard -- -m1', { action: 'discard', reference: '-m1', reason: undefined, ...noOptions }],
  ['', { action: 'help' }],
  ['--help', { action: 'help' }],
  ['discard -h', { action: 'help' }],
])('reads %j', (line, command) => {
  expect(parseCommand(line === '' ? [] : line.split(' '))).toEqual(command);
});

test.each([
  ['frobnicate', 'unknown command "frobnicate"'],
  ['toString', 'unknown command "toString"'],
  ['list m1', 'list accepts no reference'],
  ['list --all', 'list does not accept --all'],
  ['show', 'show needs a reference'],
  ['show --all', 'show does not accept --all'],
  ['show a b', 'only one reference is accepted'],
  ['send-back', 'send-back needs a reference or --all'],
  ['send-back --reason X', 'send-back needs a reference or --all'],
  ['send-back m1 --all', 'a reference or --all, not both'],
  ['discard --all --force', 'discard does not accept --force'],
  ['discard --all --reason=', '--reason needs a code'],
  ['list --verbose', '--verbose'],
  ['discard --older-than 30d', 'discard needs a reference or --all'],
  ['discard --all --older-than 30', '--older-than needs a number and m, h or d'],
  ['discard --all --older-than=-1d', '--older-than needs a number and m, h or d'],
  ['discard --all --containing=', '--containing needs a text'],
  ['show m1 --older-than 30d', 'show does not accept --older-than'],
])('refuses %j', (line, message) => {
  expect(() => parseCommand(line.split(' '))).toThrow(UsageError);
  expect(() => parseCommand(line.split(' '))).toThrow(message);
});

test.each([
  ['90m', 90 * 60_000],
  ['12h', 12 * 3_600_000],
  ['30d', 30 * 86_400_000],
])('--older-than %s is that long ago', (age, ms) => {
  const command = parseCommand(['discard', '--all', '--older-than', age, '--containing', 'a b']);
  expect(command).toMatchObject({ action: 'discard', containing: 'a b' });
  expect(Math.abs(Number(Reflect.get(command, 'before')) + ms - Date.now())).toBeLessThan(5_000);
});

test('the usage names every command and option', () => {
  for (const word of [
    'list',
    'show',
    'send-back',
    'discard',
    '--all',
    '--dry-run',
    '--yes',
    '--force',
    '--json',
    '--older-than',
    '--containing',
  ]) {
    expect(USAGE).toContain(word);
  }
});

test('the usage and docs/dead-letters.md list every exit code', () => {
  const page = readFileSync(new URL('../../../docs/dead-letters.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
  // It sends no request that could stay without an answer.
  const codes = Object.values(CLI_EXIT_CODES).filter((code) => code !== CLI_EXIT_CODES.noAnswer);
  expect(new Set(listed)).toEqual(new Set(codes));
  const [, usage = ''] = USAGE.replaceAll('\n', ' ').split('Exit codes: ');
  expect([...usage.matchAll(/(\d+) \w/g)].map(([, code]) => Number(code))).toEqual(codes);
});
