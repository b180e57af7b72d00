import { expect, test } from 'vitest';

import { ConnectionError, ContactsClient } from '../../../src/client/index.ts';
import { clients } from '../../support/contacts-client.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { freePort } from '../../support/servers.ts';

const { amqpUrl: url } = freshNames();
const connected = clients({ url });

test('connect rejects where no broker can be reached', async () => {
  const port = await freePort();
  const urls = [`amqp://127.0.0.1:${port}`, `amqp://127.0.0.1:${port}/other`];
  const error: unknown = await ContactsClient.connect({ url: urls }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).toMatchObject({ code: 'CONNECTION_FAILED', message: expect.stringContaining('ECONNREFUSED') });
});

test('connect rejects where the login or the virtual host is refused, and its error does not hold the password', async () => {
  const wrong = new URL(url);
  wrong.password = 'sesame';
  const error: unknown = await ContactsClient.connect({ url: wrong.href }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'ConnectionError', message: expect.stringMatching(/^403/) });
  expect(String(error)).not.toContain('sesame');
  const nowhere = new URL(url);
  nowhere.pathname = '/nowhere';
  await expect(ContactsClient.connect({ url: nowhere.href })).rejects.toThrow(/^530/);
});

test('connect finds the broker among several', async () => {
  const port = await freePort();
  const contacts = await connected({ url: `amqp://127.0.0.1:${port}, ${url}` });
  expect(contacts.stats).toMatchObject({ connected: true, losses: 1 });
});

test.each([
  [{ url: 'http://127.0.0.1' }],
  [{ url: 'nonsense' }],
  [{ url: [] }],
  [{ queue: '' }],
  [{ queue: 'x'.repeat(256) }],
  [{ appId: 'x'.repeat(256) }],
  [{ timeoutMs: 0 }],
  [{ timeoutMs: 2 ** 31 }],
  [{ maxInFlight: 1.5 }],
  [{ maxWaiting: -1 }],
  [{ replyQueue: 'amq.mine' }],
])('connect refuses %j', async (options) => {
  await expect(ContactsClient.connect(options)).rejects.toMatchObject({
    name: 'ContactsError',
    code: 'INVALID_ARGUMENT',
  });
});

test('options of a call that cannot be used reject the call', async () => {
  const contacts = await connected();
  for (const options of [
    { messageId: '' },
    { messageId: 'x'.repeat(256) },
    { messageId: 'x\uD800' },
    { timeoutMs: -1 },
    { deadline: new Date('?') },
  ]) {
    await expect(contacts.get(1, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
  expect(contacts.stats.inFlight).toBe(0);
});
