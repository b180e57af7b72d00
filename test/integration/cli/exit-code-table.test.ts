import { describe, expect, test } from 'vitest';

import { freshNames } from '../../support/fresh-names.ts';
import { contacts, tempFile } from './contacts-process.ts';

const names = freshNames();
const NOBODY = { AMQP_URL: 'amqp://user:secret@127.0.0.1:1' };
const UNUSABLE = { AMQP_URL: 'amqp://user:secret@:1' };
const rows = tempFile('people.csv', 'first_name,last_name,email\nA,B,c@d.e\n');
const request = tempFile('request.xml', '<request method="contact.list"/>');
const FIELDS = ['--client-id', '1', '--first-name', 'A', '--last-name', 'B', '--email', 'c@d.e'];

/** What a command exits with where the broker, its URL, the queue or an option is wrong. */
interface Codes {
  readonly nobody: number;
  readonly unusable: number;
  readonly noQueue: number;
  readonly usage: number;
}

/** Commands that send requests. */
const SENDS: Codes = { nobody: 69, unusable: 78, noQueue: 4, usage: 2 };
/** Commands that report what they find, without sending a request. */
const LOOKS: Codes = { ...SENDS, noQueue: 0 };
/** The doctor reports all of these as failed checks. */
const CHECKS: Codes = { nobody: 1, unusable: 1, noQueue: 1, usage: 2 };
/** Commands that need no broker. */
const PRINTS: Codes = { nobody: 0, unusable: 0, noQueue: 0, usage: 2 };

const TABLE: readonly (readonly [command: string, args: readonly string[], codes: Codes])[] = [
  ['create', FIELDS, SENDS],
  ['update', ['1', '--phone', '1'], SENDS],
  ['get', ['1'], SENDS],
  ['delete', ['1', '2'], SENDS],
  ['list', [], SENDS],
  ['list', ['--all'], SENDS],
  ['send', [request], SENDS],
  ['import', [rows, '--client-id', '1'], SENDS],
  ['export', [], SENDS],
  ['watch', ['--count', '1', '--metrics', 'http://127.0.0.1:1/metrics'], LOOKS],
  // Its queue is another one, which is missing, too: nothing could be done.
  ['dead-letters', ['list'], { ...SENDS, noQueue: 1 }],
  ['schema', ['xsd'], PRINTS],
  ['doctor', ['--timeout', '2'], CHECKS],
  // Without MONGODB_URL. It does not use the broker.
  ['claims', [], { nobody: 78, unusable: 78, noQueue: 78, usage: 2 }],
  ['completion', ['bash'], PRINTS],
];

describe.each(TABLE)('%s %j', (command, args, codes) => {
  test('exits as the table says', async () => {
    const run = (env: Readonly<Record<string, string>>, ...more: readonly string[]) =>
      contacts(names, [command, ...args, ...more], { env });
    const results = await Promise.all([
      run(NOBODY),
      run(UNUSABLE),
      run({ REQUEST_QUEUE: `${names.queue}.none` }),
      run({}, '--frob'),
    ]);
    const [nobody, unusable, noQueue, usage] = results.map(({ code }) => code);
    expect({ nobody, unusable, noQueue, usage }).toEqual(codes);
    for (const { code, out, err } of results) {
      expect(`${out}${err}`).not.toContain('secret');
      if (code !== 0) expect(`${out}${err}`).not.toBe('');
    }
  });
});

test('the table has every command', async () => {
  const { out } = await contacts(names, ['--help']);
  const listed = /Commands:\n([^]*?)\n\n/.exec(out)?.[1] ?? '';
  const commands = [...listed.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name);
  // console has tests of its own.
  const expected = commands.filter((name) => name !== 'help' && name !== 'console');
  expect(expected).toEqual([...new Set(TABLE.map(([command]) => command))]);
});
