import { expect, test } from 'vitest';

import { freshNames } from '../../support/fresh-names.ts';
import { Requester } from '../../support/requester.ts';
import { testWorker } from '../../support/worker.ts';
import { contacts } from './contacts-process.ts';

const names = freshNames();

test.each([
  [['frob']],
  [[]],
  [['get']],
  [['get', 'abc']],
  [['get', '0']],
  [['create', '--client-id', '1']],
  [['create', '--nonsense']],
  [['list', '--all', '--page', '2']],
  [['list', '-o', 'yaml']],
  [['list', '--timeout', '0']],
  [['list', '--deadline', 'tomorrow']],
  [['list', '--deadline', '2026-11-27T18:00:00']],
  [['doctor', '-o', 'xml']],
  [['dead-letters', 'list', '-o', 'xml']],
  [['list', '--url', 'http://nowhere']],
  [['import']],
  [['import', '/nowhere.csv']],
  [['schema', 'frob']],
  [['completion', 'frob']],
])('%j is wrong usage: 2, and nothing on standard output', async (args) => {
  const { code, out, err } = await contacts(names, args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).not.toBe('');
});

test('settings that are not usable end with 78 and hold no secret', async () => {
  const { code, out, err } = await contacts(names, ['list'], { env: { AMQP_URL: 'amqp://user:secret@:1' } });
  expect({ code, out }).toEqual({ code: 78, out: '' });
  expect(err).toContain('AMQP_URL');
  expect(err).not.toContain('secret');
});

test('settings of the worker that no command uses do not matter', async () => {
  const env = { PREFETCH: 'many', AMQP_URL: 'amqp://127.0.0.1:1' };
  expect(await contacts(names, ['list', '--timeout', '5'], { env })).toMatchObject({ code: 69 });
});

test('a broker that cannot be reached ends with 69, and the option wins over the setting', async () => {
  const { code, out, err } = await contacts(names, [
    'list',
    '--url',
    'amqp://user:secret@127.0.0.1:1',
    '--timeout',
    '5',
  ]);
  expect({ code, out }).toEqual({ code: 69, out: '' });
  expect(err).not.toContain('secret');
});

test('a queue that does not exist ends with 4', async () => {
  const { code, err } = await contacts(names, ['list', '--queue', `${names.queue}.none`, '--timeout', '10']);
  expect(code).toBe(4);
  expect(err).toContain(`${names.queue}.none`);
});

test('--help has examples and goes to standard output', async () => {
  for (const command of ['create', 'update', 'get', 'delete', 'list', 'send', 'import', 'export', 'watch', 'doctor']) {
    const { code, out, err } = await contacts(names, [command, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Examples:\n  contacts ');
  }
  const { code, out } = await contacts(names, ['--help']);
  expect(code).toBe(0);
  expect(out).toContain('Exit codes: 0 all well');
});

test('what was typed reaches the terminal without its control characters', async () => {
  const { err } = await contacts(names, ['list', '--\u001B[2J']);
  expect(err).toContain('\\u{1b}[2J');
  expect(err).not.toContain('\u001B');
});

test('no answer in time ends with 4', async () => {
  // Nobody consumes what such a worker has declared.
  const worker = testWorker(names);
  await worker.start();
  await worker.stop();
  const { code, err } = await contacts(names, ['get', '1', '--timeout', '1']);
  expect(code).toBe(4);
  expect(err).not.toBe('');
  const requester = await Requester.open(names.amqpUrl, names.queue);
  await requester.channel.purgeQueue(names.queue);
  await requester.close();
});

test('two commands at once do not mix their answers', async () => {
  const worker = testWorker(names);
  await worker.start();
  try {
    const codes = await Promise.all([contacts(names, ['get', '99']), contacts(names, ['list'])]);
    expect(codes.map(({ code }) => code)).toEqual([3, 0]);
  } finally {
    await worker.stop();
  }
});
