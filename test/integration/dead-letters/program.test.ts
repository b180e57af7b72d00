import { expect, test } from 'vitest';

import { freshNames } from '../../support/fresh-names.ts';
import { runCli, runShell } from './cli-process.ts';
import { Queues } from './letters.ts';

const names = freshNames();
const queues = Queues.forSuite(names);

test('it lists to standard output and ends with 0', async () => {
  await queues.bury('INTERNAL_ERROR');
  const { code, out, err } = await runCli(names, ['dead-letters', 'list']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/INTERNAL_ERROR.*contact\.create\n1 letter\n$/s);
});

test('it ends with 3 where there is no letter', async () => {
  expect(await runCli(names, ['dead-letters', 'list'])).toMatchObject({ code: 3, out: '0 letters\n' });
});

test('without a terminal it asks nobody and ends with 2', async () => {
  await queues.buryMany(2);
  expect(await runCli(names, ['dead-letters', 'discard', '--all'])).toMatchObject({ code: 2, out: '' });
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 2 });
});

test.each([[['frob']], [['dead-letters', 'frob']], [[]]])('it ends with 2 on the command line %j', async (args) => {
  expect(await runCli(names, args)).toMatchObject({ code: 2, out: '' });
});

test('it ends with 78 where the settings are not usable', async () => {
  expect(await runCli(names, ['dead-letters', 'list'], { settings: { PREFETCH: 'many' } })).toMatchObject({
    code: 78,
    out: '',
  });
});

test('it ends with 1 where there is no broker or no queue, and says which', async () => {
  const nobody = await runCli(names, ['dead-letters', 'list'], {
    settings: { AMQP_URL: 'amqp://user:secret@127.0.0.1:1' },
  });
  expect(nobody).toMatchObject({ code: 1, out: '' });
  expect(nobody.err).toContain('ECONNREFUSED');
  expect(nobody.err).not.toContain('secret');
  const nothing = await runCli(names, ['dead-letters', 'list'], {
    settings: { REQUEST_QUEUE: `${names.queue}.none` },
  });
  expect(nothing).toMatchObject({ code: 1, out: '' });
  expect(nothing.err).toContain(`${names.queue}.none.dead`);
});

test('what was typed reaches the terminal without its control characters', async () => {
  const { code, err } = await runCli(names, ['dead-letters', 'list', '--\u001B[2J\u202E']);
  expect(code).toBe(2);
  expect(err).toContain('\\u{1b}[2J\\u{202e}');
  expect(err).not.toMatch(/[\u001B\u202E]/);
});

test('it reads on where its own reader has gone', async () => {
  await queues.buryMany(3_000);
  const line = '$CONTACTS dead-letters list | head -n 1';
  expect(await runShell(names, line)).toMatchObject({ code: 0, err: '' });
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 3_000 });
});
