import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import {
  CLI_EXIT_CODES,
  CONSOLE_CODES,
  DEAD_LETTER_REASONS,
  EXIT_CODES,
  FAULT_CODES,
  HAND_BACK_CODES,
  HEADERS,
} from '../../../src/protocol/catalogue.ts';

/** The first column of the table under a heading, without its back-quotes. */
function listed(page: string, heading: string): string[] {
  const text = readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
  const [, section = ''] = text.split(`${heading}\n`);
  const [own = ''] = section.split(/^## /m);
  return [...own.matchAll(/^\| `([^`]+)` *\|/gm)].map(([, name = '']) => name);
}

describe('the pages list what leaves the process, no more and no less', () => {
  test('faults', () => {
    const page = readFileSync(new URL('../../../docs/faults.md', import.meta.url), 'utf8');
    const [faults = ''] = page.split('## Dead letters');
    const rows = [...faults.matchAll(/^\| `([A-Z_]+)` *\| ([^|]+?) *\|/gm)].map(([, code, meaning]) => [
      code,
      meaning?.replaceAll('`', ''),
    ]);
    expect(rows).toEqual(Object.entries(FAULT_CODES));
  });

  test('reasons of dead letters', () => {
    const codes = listed('faults.md', '## Dead letters').filter((name) => /^[A-Z_0-9]+$/.test(name));
    expect(codes).toEqual(Object.keys(DEAD_LETTER_REASONS));
  });

  test('codes of requests that are handed back', () => {
    expect(listed('codes.md', '## Requests that are handed back')).toEqual(Object.keys(HAND_BACK_CODES));
  });

  test('refusals of the console', () => {
    expect(listed('console.md', '## Refusals')).toEqual(Object.keys(CONSOLE_CODES));
  });

  test('headers', () => {
    expect(listed('codes.md', '## Headers')).toEqual(Object.values(HEADERS));
  });

  test('exit codes', () => {
    const numbers = (codes: Readonly<Record<string, number>>): string[] => Object.values(codes).map(String);
    expect(listed('codes.md', '## Exit codes of the worker')).toEqual(numbers(EXIT_CODES));
    expect(listed('codes.md', '## Exit codes of the command line')).toEqual(numbers(CLI_EXIT_CODES));
  });
});
