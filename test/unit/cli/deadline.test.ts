import { Command } from 'commander';
import { expect, test } from 'vitest';

import { addRequest, type CommonOptions } from '../../../src/cli/options.ts';

/** The deadline that the option has; throws where the option is refused. */
function deadlineFrom(text: string): CommonOptions['deadline'] {
  const command = addRequest(new Command('test').exitOverride().configureOutput({ writeErr: () => undefined }));
  return command.parse([`--deadline=${text}`], { from: 'user' }).opts<CommonOptions>().deadline;
}

test.each([
  ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
  ['2026-11-27T18:00:00.25+01:30', Date.UTC(2026, 10, 27, 16, 30, 0, 250)],
  ['2026-12-31T23:59:59-05:00', Date.UTC(2027, 0, 1, 4, 59, 59)],
  ['2026-11-27T18:00Z', Date.UTC(2026, 10, 27, 18)],
  ['1970-01-01T00:00:00Z', 0],
])('%s is a deadline', (text, ms) => {
  expect(deadlineFrom(text)).toBe(ms);
});

test.each([
  '2026-02-30T00:00:00Z',
  '2027-02-29T12:00:00+01:00',
  '2026-04-31T00:00:00Z',
  '2026-06-31T23:00:00-02:00',
  '2026-00-10T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-11-27T24:30:00Z',
  '2026-11-27T18:00:60Z',
  '2026-11-27T18:00:00+24:00',
  '2026-11-27T18:00:00+01:60',
  '2026-11-27T18:00:00',
  '1969-12-31T23:59:59Z',
  '0026-11-27T18:00:00Z',
  '1970-01-01T00:00:00+01:00',
  '-5',
  '+0',
  '+1e3',
  '1764230400123',
  '',
])('%j is refused', (text) => {
  expect(() => deadlineFrom(text)).toThrow(/It is neither|It is not a number of seconds/);
});

test('seconds from now are whole milliseconds', () => {
  const before = Date.now();
  const made = deadlineFrom('+1.001');
  expect(Number.isInteger(made)).toBe(true);
  expect(made).toBeGreaterThanOrEqual(before + 1_000);
});
