import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';

import { createRequest, getRequest, jane } from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { CLI, contacts, tempFile, type CommandOptions, type Ended } from './contacts-process.ts';

const running = runningWorker();
const run = (args: readonly string[], options?: CommandOptions): Promise<Ended> =>
  contacts(running.names, args, options);

const FIELDS = ['--client-id', '1', '--first-name', 'Jane', '--last-name', 'Doe', '--email', 'jane@example.org'];

/** Creates a contact and gives its id. */
async function created(...options: readonly string[]): Promise<number> {
  const { code, out, err } = await run(['create', ...FIELDS, '-o', 'json', ...options]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return (JSON.parse(out) as { contact_id: number }).contact_id;
}

test('without a terminal the output is the answer document', async () => {
  const { code, out } = await run(['create', ...FIELDS]);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^<\?xml version="1.0" encoding="UTF-8"\?><response status="ok"><contact_id>\d+<\/contact_id><\/response>\n$/,
  );
});

test('a contact is created, shown, changed and deleted', async () => {
  const id = await created('--phone', '+49 30 1');
  const shown = await run(['get', String(id), '-o', 'json']);
  expect(JSON.parse(shown.out)).toEqual({
    contact_id: id,
    first_name: 'Jane',
    last_name: 'Doe',
    email: 'jane@example.org',
    phone: '+49 30 1',
    mobile_phone: '',
  });
  expect(await run(['update', String(id), '--last-name', 'Dō & <Co>', '--phone', ''])).toMatchObject({ code: 0 });
  const { out } = await run(['get', String(id)]);
  expect(out).toContain('<last_name>Dō &amp; &lt;Co&gt;</last_name><email>jane@example.org</email><phone/>');
  expect(await run(['delete', String(id)])).toMatchObject({ code: 0, err: '' });
  const gone = await run(['get', String(id)]);
  expect(gone).toMatchObject({ code: 3, out: '' });
  expect(gone.err).toContain('NOT_FOUND');
});

test('the same message id again creates nothing', async () => {
  const id = await created('--message-id', 'once');
  const { out } = await run(['create', ...FIELDS, '--message-id', 'once', '-o', 'json']);
  expect(JSON.parse(out)).toEqual({ contact_id: id, repeated: true });
});

test('another app id is another request', async () => {
  const id = await created('--message-id', 'apart', '--app-id', 'one');
  expect(await created('--message-id', 'apart', '--app-id', 'other')).not.toBe(id);
});

test('a failure answer ends with 1 and lists every problem on standard error', async () => {
  const { code, out, err } = await run([
    'create',
    '--client-id',
    '1',
    '--first-name',
    '',
    '--last-name',
    'D',
    '--email',
    'x',
  ]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain('INVALID_PARAMS first_name: first_name is empty');
  expect(err).toContain('INVALID_PARAMS email:');
});

test('several are deleted; one that is not there does not keep the others', async () => {
  const [one, other] = [await created(), await created()];
  const { code, err } = await run(['delete', String(one), '999999999', String(other)]);
  expect(code).toBe(3);
  expect(err).toMatch(/^contacts: 999999999: NOT_FOUND/);
  expect(await run(['get', String(other)])).toMatchObject({ code: 3 });
});

test('lists are filtered, paged and whole', async () => {
  const ids = [];
  for (let i = 0; i < 3; i += 1) ids.push(await created('--client-id', '77'));
  const idsOf = (out: string): number[] => (JSON.parse(out) as { contact_id: number }[]).map((one) => one.contact_id);
  const page = await run(['list', '--client-id', '77', '--per-page', '2', '--page', '2', '-o', 'json']);
  expect(idsOf(page.out)).toEqual(ids.slice(2));
  const all = await run(['list', '--client-id', '77', '--per-page', '2', '--all', '-o', 'json']);
  expect(idsOf(all.out)).toEqual(ids);
  const xml = await run(['list', '--client-id', '77', '--all']);
  expect(xml.out.match(/<contact>/g)).toHaveLength(3);
  expect(xml.out).toMatch(/^<\?xml [^>]*\?><response status="ok"><contact>.*<\/contact><\/response>\n$/);
  const table = await run(['list', '--client-id', '77', '-o', 'table']);
  expect(table.out.split('\n')).toHaveLength(5);
  expect(table.out).toMatch(/^CONTACT_ID  FIRST_NAME  LAST_NAME  EMAIL /);
  expect(await run(['list', '--client-id', '78', '--all', '-o', 'json'])).toMatchObject({ code: 0, out: '[]\n' });
  expect(await run(['list', '--email', 'JANE@example.org', '--client-id', '77', '-o', 'json'])).toMatchObject({
    out: all.out,
  });
});

test('documents are sent as they are, from files and from standard input', async () => {
  const good = tempFile('good.xml', createRequest());
  const bad = tempFile('bad.xml', '<request method="contact.frob"/>');
  const missing = tempFile('missing.xml', getRequest(999_999_999));
  expect(await run(['send', good])).toMatchObject({ code: 0, err: '' });
  const both = await run(['send', good, bad]);
  expect(both.code).toBe(1);
  expect(both.out).toContain('<code>UNKNOWN_METHOD</code>');
  expect(await run(['send', missing])).toMatchObject({ code: 3 });
  const piped = await run(['send'], { stdin: createRequest({ ...jane, email: 'x' }) });
  expect(piped).toMatchObject({ code: 1 });
  expect(piped.out).toContain('<field>email</field>');
  const json = await run(['send', '-', '-o', 'json'], { stdin: createRequest() });
  expect(JSON.parse(json.out)).toMatchObject({ file: '-', status: 'ok', errors: [] });
  expect(await run(['send', '/nowhere.xml'])).toMatchObject({ code: 2, out: '' });
});

test('a deadline that is over keeps a request from being executed, and ends with 4', async () => {
  const over = ['--deadline', '2020-01-01T00:00:00Z'];
  const refused = await run(['create', ...FIELDS, '--client-id', '79', ...over]);
  expect(refused).toMatchObject({ code: 4, out: '' });
  expect(refused.err).toContain('EXPIRED');
  const sent = await run(['send', '-', ...over], { stdin: createRequest({ ...jane, client_id: '79' }) });
  expect(sent.code).toBe(4);
  expect(sent.out).toContain('<code>EXPIRED</code>');
  expect(await run(['list', '--client-id', '79', '-o', 'json', '--deadline', '+30'])).toMatchObject({ out: '[]\n' });
  expect(await run(['list', '--client-id', '79', '-o', 'json', '--deadline', 'none'])).toMatchObject({ code: 0 });
});

test('what could steer a terminal is not written to a table', async () => {
  const id = await created('--first-name', 'A\u009B2JB');
  const { out } = await run(['get', String(id), '-o', 'table']);
  expect(out).toContain('A\\u{9b}2JB');
});

test('a reader that has seen enough is no failure', async () => {
  const child = execFile('sh', ['-c', `"${process.execPath}" "${CLI}" list --all -o table | head -n 1`], {
    env: { PATH: process.env['PATH'], AMQP_URL: running.names.amqpUrl, REQUEST_QUEUE: running.names.queue },
  });
  let errors = '';
  child.stderr?.on('data', (text: string) => (errors += text));
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  expect(errors).toBe('');
});
