import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { runningWorker } from '../../support/running-worker.ts';
import { CLI, contacts, startContacts, tempFile, type CommandOptions, type Ended } from './contacts-process.ts';

const running = runningWorker();
const run = (args: readonly string[], options?: CommandOptions): Promise<Ended> =>
  contacts(running.names, args, options);

const HEAD = 'first_name,last_name,email\n';
let nextClient = 1_000;

/** A client that no other test uses. */
function freshClient(): string {
  nextClient += 1;
  return String(nextClient);
}

interface Listed {
  readonly contact_id: number;
  readonly first_name: string;
}

async function contactsOf(client: string): Promise<Listed[]> {
  const { out } = await run(['list', '--client-id', client, '--all', '--per-page', '1000', '-o', 'json']);
  return JSON.parse(out) as Listed[];
}

function rows(count: number): string {
  return Array.from({ length: count }, (_, i) => `Jane ${i},Doe,jane${i}@example.org\n`).join('');
}

test('rows become contacts, and a second run repeats nothing', async () => {
  const client = freshClient();
  const file = tempFile('people.csv', HEAD + rows(40));
  const first = await run(['import', file, '--client-id', client]);
  expect(first).toMatchObject({ code: 0, out: '' });
  expect(first.err).toContain('40 rows: 40 created, 0 there already, 0 rejected');
  const copy = tempFile('another-name.csv', readFileSync(file));
  const second = await run(['import', copy, '--client-id', client, '-o', 'json']);
  expect(JSON.parse(second.out)).toMatchObject({ rows: 40, created: 0, repeated: 40, rejected: 0, unanswered: 0 });
  expect(await contactsOf(client)).toHaveLength(40);
});

test('equal rows are contacts of their own', async () => {
  const client = freshClient();
  const file = tempFile('twins.csv', `${HEAD}A,B,c@d.e\nA,B,c@d.e\n`);
  expect(await run(['import', file, '--client-id', client])).toMatchObject({ code: 0 });
  expect(await contactsOf(client)).toHaveLength(2);
});

test.each(['SIGKILL', 'SIGINT'] as const)('an import that %s has ended goes on where it was', async (signal) => {
  const client = freshClient();
  const file = tempFile('many.csv', HEAD + rows(3_000));
  const { child, ended } = startContacts(running.names, ['import', file, '--client-id', client, '--in-flight', '20']);
  await expect.poll(async () => (await contactsOf(client)).length, { timeout: 30_000 }).toBeGreaterThan(20);
  child.kill(signal);
  const { code, err } = await ended;
  expect(code).toBe(signal === 'SIGINT' ? 130 : 'SIGKILL');
  if (signal === 'SIGINT') expect(err).toContain('Run the same command again');
  expect((await contactsOf(client)).length).toBeLessThan(3_000);
  const again = await run(['import', file, '--client-id', client, '-o', 'json']);
  expect(again.code).toBe(0);
  const { created, repeated } = JSON.parse(again.out) as { created: number; repeated: number };
  expect(created + repeated).toBe(3_000);
  expect(repeated).toBeGreaterThan(0);
  const all = await contactsOf(client);
  expect(new Set(all.map(({ first_name }) => first_name)).size).toBe(3_000);
  expect(all).toHaveLength(3_000);
});

test.each([
  ['csv', 'client_id;Vorname;last_name;email\nX;A;B;c@d.e\n7;Ok;B;c@d.e\n', ['--map', 'Vorname=first_name']],
  [
    'vcf',
    'BEGIN:VCARD\nVERSION:3.0\nN:B;A\nEMAIL:X\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nN:B;Ok\nEMAIL:c@d.e\nEND:VCARD\n',
    [],
  ],
  [
    'xml',
    '<c><contact><first_name>A</first_name><last_name>B</last_name><email>X</email></contact><contact><first_name>Ok</first_name><last_name>B</last_name><email>c@d.e</email></contact></c>',
    [],
  ],
  [
    'ndjson',
    '{"first_name":"A","last_name":"B","email":"X"}\n{"first_name":"Ok","last_name":"B","email":"c@d.e"}\n',
    [],
  ],
] as const)('rejected rows of a %s file can be corrected and imported', async (format, content, options) => {
  const client = freshClient();
  const file = tempFile(`people.${format}`, content.replaceAll('7;', `${client};`));
  const rejects = tempFile(`rejected.${format}`, 'of an earlier run');
  const first = await run(['import', file, '--client-id', client, '--rejects', rejects, ...options]);
  expect(first.code).toBe(1);
  expect(first.err).toContain('INVALID_PARAMS');
  expect(await contactsOf(client)).toMatchObject([{ first_name: 'Ok' }]);
  const rejected = readFileSync(rejects, 'utf8');
  expect(rejected).toMatch(/INVALID_PARAMS (?:email|client_id)/);
  const corrected = tempFile(`corrected.${format}`, rejected.replace('X', format === 'csv' ? client : 'x@y.z'));
  const second = await run(['import', corrected, '--client-id', client, '--rejects', rejects, ...options]);
  expect(second.code).toBe(0);
  expect(await contactsOf(client)).toMatchObject([{ first_name: 'Ok' }, { first_name: 'A' }]);
  expect(readFileSync(rejects, 'utf8')).toBe(rejected);
  expect(second.err).toContain(`No row was rejected: ${rejects} is left as it was`);
});

test('--dry-run checks by the same rules as the worker and sends nothing, without a broker', async () => {
  const file = tempFile('people.csv', `${HEAD}A,B,c@d.e\n,B,x\n`);
  const { code, err } = await run(['import', file, '--client-id', '1', '--dry-run'], {
    env: { AMQP_URL: 'amqp://127.0.0.1:1' },
  });
  expect(code).toBe(1);
  expect(err).toContain('line 3: INVALID_PARAMS first_name: first_name is empty; INVALID_PARAMS email:');
  expect(err).toContain('2 rows checked: 1 valid, 1 rejected. Nothing was sent.');
});

test('a file that ends in the middle of a document says how to go on, and then repeats nothing', async () => {
  const client = freshClient();
  const one = '<contact><first_name>A</first_name><last_name>B</last_name><email>c@d.e</email></contact>';
  const broken = await run(['import', tempFile('people.xml', `<c>${one}<contact>`), '--client-id', client]);
  expect(broken.code).toBe(1);
  const identity = /--message-id (\S+),/.exec(broken.err)?.[1];
  expect(identity).toBeDefined();
  const whole = tempFile('people.xml', `<c>${one}${one}</c>`);
  const again = await run(['import', whole, '--client-id', client, '--message-id', identity!, '-o', 'json']);
  expect(JSON.parse(again.out)).toMatchObject({ created: 1, repeated: 1 });
});

test('a CSV that breaks off imports the rows before, and counts exactly them', async () => {
  const client = freshClient();
  const file = tempFile('people.csv', `${HEAD}${rows(2_500)}Joe "Jim",Doe,x@y.z\n${rows(10)}`);
  const { code, out, err } = await run(['import', file, '--client-id', client, '-o', 'json']);
  expect(code).toBe(1);
  expect(err).toMatch(/The rest of the file cannot be read: line 2502: a quote .*\. Correct it and add --message-id/);
  expect(JSON.parse(out)).toMatchObject({ rows: 2_500, created: 2_500, rejected: 0, unanswered: 0 });
  expect(await contactsOf(client)).toHaveLength(2_500);
});

test('a file of column names alone ends with 1 and says that there is nothing to import', async () => {
  const { code, err } = await run(['import', tempFile('people.csv', HEAD), '--dry-run']);
  expect(code).toBe(1);
  expect(err).toContain('There is nothing to import: it has no row under its column names.');
});

test('standard input is imported; an identity makes it repeatable', async () => {
  const client = freshClient();
  const args = ['import', '-', '--client-id', client, '-o', 'json'];
  const unnamed = await run(args, { stdin: HEAD + rows(2) });
  expect(unnamed.err).toContain('--message-id');
  const named = [...args, '--message-id', 'march'];
  expect(JSON.parse((await run(named, { stdin: HEAD + rows(2) })).out)).toMatchObject({ created: 2 });
  expect(JSON.parse((await run(named, { stdin: HEAD + rows(2) })).out)).toMatchObject({ repeated: 2 });
});

test('a file in another encoding is reported with what to do', async () => {
  const file = tempFile('latin.csv', Buffer.from(`${HEAD}José,B,c@d.e\n`, 'latin1'));
  const { code, err } = await run(['import', file, '--dry-run']);
  expect(code).toBe(2);
  expect(err).toMatch(/^contacts: .*latin\.csv cannot be read: it is not utf-8 near byte 0; name its encoding with/);
  expect(err).not.toContain(' at ');
});

test.each([['import', '-', '--format', 'ndjson'], ['send']])(
  'a signal ends %s, though standard input goes on',
  async (...args) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { PATH: process.env['PATH'], AMQP_URL: running.names.amqpUrl, REQUEST_QUEUE: running.names.queue },
    });
    const client = freshClient();
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = once(child, 'close');
    if (args[0] === 'import') {
      const row = { client_id: client, first_name: 'A', last_name: 'B', email: 'c@d.e' };
      child.stdin.write(`${JSON.stringify(row)}\n`.repeat(10));
      await expect.poll(async () => (await contactsOf(client)).length, { timeout: 20_000 }).toBeGreaterThan(5);
    } else {
      // Far more than a pipe holds: all of it is written once the command reads its standard input.
      const written = new Promise((resolve) => child.stdin.write(Buffer.alloc(4 * 1_048_576, ' '), resolve));
      await written;
    }
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    // Without a name for the stream, the same command again would create all rows again.
    if (args[0] === 'import')
      expect(err).toMatch(/Stopped\. Run the same command again with --message-id import-\S+ to go on/);
  },
);

test.each(['csv', 'vcf', 'xml', 'ndjson'])('an export as %s is imported with every field as it was', async (format) => {
  const [client, other] = [freshClient(), freshClient()];
  const people = [
    {
      first_name: 'Jürgen, "der" Große',
      last_name: "O'Neil; \\ Söhne",
      email: 'j@example.org',
      phone: '+49 (0)30/1,2;3',
    },
    { first_name: '李', last_name: '𝒟\u200Fx', email: 'li@example.org', mobile_phone: '1\n2\t3' },
  ];
  const file = tempFile('people.ndjson', people.map((one) => JSON.stringify(one)).join('\n'));
  expect(await run(['import', file, '--client-id', client, '--in-flight', '1'])).toMatchObject({ code: 0 });
  const exported = await run(['export', '--format', format, '--client-id', client]);
  expect(exported.code).toBe(0);
  const copy = exported.out.replaceAll(`>${client}<`, `>${other}<`);
  const path = tempFile(`export.${format}`, copy.replaceAll(new RegExp(`(?<=[,:])${client}(?=\\r?\\n|})`, 'g'), other));
  expect(await run(['import', path, '--client-id', other, '--in-flight', '1'])).toMatchObject({ code: 0 });
  const withoutId = (listed: readonly Listed[]) => listed.map((one) => ({ ...one, contact_id: 0 }));
  const [before, after] = [await contactsOf(client), await contactsOf(other)];
  expect(withoutId(after)).toEqual(withoutId(before));
  expect(before[0]).toMatchObject(people[0]!);
  expect(before[1]).toMatchObject(people[1]!);
});

test('without a worker an import stops at the first row without an answer, and goes on with one', async () => {
  const client = freshClient();
  const file = tempFile('people.csv', HEAD + rows(30));
  await running.worker.stop();
  const { code, err } = await run(['import', file, '--client-id', client, '--timeout', '1', '--in-flight', '5']);
  expect(code).toBe(4);
  expect(err).toContain('without an answer');
});
