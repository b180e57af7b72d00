import { expect, test } from 'vitest';

import { freshNames } from '../../support/fresh-names.ts';
import { runCli, runShell } from './cli-process.ts';
import { Queues } from './letters.ts';

const names = freshNames();
const queues = Queues.forSuite(names);

test('list writes to standard output and exits with 0', async () => {
  await queues.bury('INTERNAL_ERROR');
  const { code, out, err } = await runCli(names, ['dead-letters', 'list']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/INTERNAL_ERROR.*contact\.create\n1 letter\n$/s);
});

test('list exits with 3 if there is no letter', async () => {
  expect(await runCli(names, ['dead-letters', 'list'])).toMatchObject({ code: 3, out: '0 letters\n' });
});

test('without a terminal, a command that needs confirmation exits with 2', async () => {
  await queues.buryMany(2);
  expect(await runCli(names, ['dead-letters', 'discard', '--all'])).toMatchObject({ code: 2, out: '' });
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 2 });
});

test.each([[['frob']], [['dead-letters', 'frob']], [[]]])('the command line %j exits with 2', async (args) => {
  expect(await runCli(names, args)).toMatchObject({ code: 2, out: '' });
});

test('unusable settings exit with 78', async () => {
  expect(await runCli(names, ['dead-letters', 'list'], { settings: { PREFETCH: 'many' } })).toMatchObject({
    code: 78,
    out: '',
  });
});

test('a missing broker exits with 69, a missing queue with 1, and each is named', async () => {
  const nobody = await runCli(names, ['dead-letters', 'list'], {
    settings: { AMQP_URL: 'amqp://user:secret@127.0.0.1:1' },
  });
  expect(nobody).toMatchObject({ code: 69, out: '' });
  expect(nobody.err).toContain('ECONNREFUSED');
  expect(nobody.err).not.toContain('secret');
  const nothing = await runCli(names, ['dead-letters', 'list'], {
    settings: { REQUEST_QUEUE: `${names.queue}.none` },
  });
  expect(nothing).toMatchObject({ code: 1, out: '' });
  expect(nothing.err).toContain(`${names.queue}.none.dead`);
});

test('error messages escape control characters of the command line', async () => {
  const { code, err } = await runCli(names, ['dead-letters', 'list', '--\u001B[2J\u202E']);
  expect(code).toBe(2);
  expect(err).toContain('\\u{1b}[2J\\u{202e}');
  expect(err).not.toMatch(/[\u001B\u202E]/);
});

test('a reader that closes early does not fail the command', async () => {
  await queues.buryMany(3_000);
  const line = '$CONTACTS dead-letters list | head -n 1';
  expect(await runShell(names, line)).toMatchObject({ code: 0, err: '' });
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 3_000 });
});
