import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ContactsClient, type NewContact } from '../../../src/client/index.ts';
import { clients } from '../../support/contacts-client.ts';
import { blocked, FakeBroker } from '../../support/fake-broker.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { startWorker } from '../../support/worker.ts';
import { idleQueue } from './idle-queue.ts';

const idle = idleQueue();
const { names, queue, request, answer } = idle;
const { amqpUrl } = names;
const connected = clients({ queue, timeoutMs: 40_000 });
const jane: NewContact = { clientId: 1, firstName: 'Jane', lastName: 'Doe', email: 'jane@example.com' };

let proxy: TcpProxy;
let url: string;

beforeEach(async () => {
  proxy = await TcpProxy.before(amqpUrl);
  url = proxy.url(amqpUrl);
});

afterEach(() => proxy.close());

test('a request without an answer is sent again when the connection is lost, with the same ids', async () => {
  const contacts = await connected({ url });
  const call = contacts.delete(1);
  const first = await request();
  proxy.cut();
  const second = await request();
  for (const name of ['messageId', 'correlationId', 'type', 'headers'] as const) {
    expect(second.properties[name]).toEqual(first.properties[name]);
  }
  expect(second.properties.replyTo).not.toBe(first.properties.replyTo);
  answer(first);
  answer(second);
  await call;
  expect(contacts.stats).toMatchObject({ connected: true, losses: 1, retried: 1, inFlight: 0 });
});

test('a request that is returned when it is sent again may have had its effect', async () => {
  const { channel } = idle;
  const passing = `${queue}.passing`;
  await channel.assertQueue(passing, { durable: false });
  const contacts = await connected({ url, queue: passing });
  const call = contacts.delete(1);
  await expect.poll(async () => (await channel.checkQueue(passing)).messageCount).toBe(1);
  await channel.deleteQueue(passing);
  proxy.cut();
  await expect(call).rejects.toMatchObject({ code: 'UNROUTABLE', outcomeUnknown: true });
  await expect(contacts.delete(2)).rejects.toMatchObject({ code: 'UNROUTABLE', outcomeUnknown: false });
});

test('a call that begins without a connection is sent once there is one', async () => {
  const contacts = await connected({ url });
  proxy.refuse();
  await expect.poll(() => contacts.stats.connected).toBe(false);
  const limited = contacts.delete(1, { timeoutMs: 100 });
  await expect(limited).rejects.toMatchObject({
    message: expect.stringContaining('it is not sent, as the broker is not connected'),
    outcomeUnknown: false,
  });
  const call = contacts.delete(2);
  proxy.accept();
  answer(await request());
  await call;
  expect(await idle.channel.get(queue)).toBe(false);
});

test('a silent broker costs the connection, not the call', async () => {
  const impatient = new URL(url);
  impatient.searchParams.set('heartbeat', '1');
  const contacts = await connected({ url: impatient.href });
  proxy.silence();
  const call = contacts.delete(1);
  answer(await request());
  await call;
  expect(contacts.stats.losses).toBeGreaterThan(0);
});

test('nothing is sent while the broker’s alarm lasts', async () => {
  const broker = await FakeBroker.start();
  const contacts = await connected({ url: broker.url });
  broker.send(blocked());
  // The alarm may arrive after the first call was sent.
  await expect
    .poll(async () => String(await contacts.delete(1, { timeoutMs: 50 }).catch((error: unknown) => error)))
    .toContain('does not read');
  expect(contacts.stats.connected).toBe(false);
  await contacts.close();
  await broker.stop();
});

test('a client closes although the broker is silent', async () => {
  const contacts = await connected({ url });
  proxy.silence();
  const call = contacts.delete(1);
  const closing = contacts.close();
  await expect(call).rejects.toMatchObject({ code: 'CLOSED' });
  await closing;
});

test('a full queue holds the request back until it has room', async () => {
  const full = `${queue}.full`;
  const { channel } = idle;
  const limits = { 'x-queue-type': 'quorum', 'x-max-length': 1, 'x-overflow': 'reject-publish' };
  await channel.assertQueue(full, { durable: true, arguments: limits });
  const contacts = await connected({ url, queue: full });
  const first = [1, 2].map((id) => contacts.delete(id));
  await expect.poll(async () => (await channel.checkQueue(full)).messageCount).toBe(2);
  const others = [3, 4, 5, 6].map((id) => contacts.delete(id));
  await expect.poll(() => contacts.stats.retried).toBeGreaterThan(0);
  const { consumerTag } = await channel.consume(full, (message) => void (message && answer(message)), { noAck: true });
  expect(await Promise.all([...first, ...others])).toHaveLength(6);
  await channel.cancel(consumerTag);
  await channel.deleteQueue(full);
});

describe('a named reply queue', () => {
  const replyQueue = `${queue}.replies`;

  afterEach(() => idle.channel.deleteQueue(replyQueue));

  test('is declared durable, and keeps answers while the client has no connection', async () => {
    const contacts = await connected({ url, replyQueue });
    const call = contacts.delete(1);
    const message = await request();
    expect(message.properties.replyTo).toBe(replyQueue);
    proxy.refuse();
    await expect.poll(() => contacts.stats.connected).toBe(false);
    answer(message);
    proxy.accept();
    await call;
  });

  test('may exist already, with whatever arguments', async () => {
    await idle.channel.assertQueue(replyQueue, { durable: true });
    const contacts = await connected({ url, replyQueue });
    const call = contacts.delete(1);
    answer(await request());
    expect(await call).toEqual({ repeated: false });
  });

  test('belongs to one client at a time', async () => {
    await connected({ url, replyQueue });
    await expect(ContactsClient.connect({ url, queue, replyQueue, timeoutMs: 500 })).rejects.toThrow('is in use');
  });

  test('belongs to one of several clients that connect at the same time', async () => {
    const options = { url, queue, replyQueue, timeoutMs: 2_000 };
    const connecting = [1, 2, 3].map(() => connected(options));
    const settled = await Promise.allSettled(connecting);
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  test('that is deleted is declared again', async () => {
    const contacts = await connected({ url, replyQueue });
    await idle.channel.deleteQueue(replyQueue);
    const call = contacts.delete(1);
    await expect.poll(() => contacts.stats.retried + contacts.stats.losses).toBeGreaterThan(0);
    const { consumerTag } = await idle.channel.consume(queue, (message) => void (message && answer(message)), {
      noAck: true,
    });
    await call;
    await idle.channel.cancel(consumerTag);
  });
});

test('connections that are cut in mid-flight lose and double nothing', async () => {
  const worker = await startWorker(names);
  const contacts = await connected({ url, queue: names.queue, maxInFlight: 64 });
  let ended = 0;
  const created = await Promise.all(
    Array.from({ length: 600 }, async (_, i) => {
      const result = await contacts.create({ ...jane, clientId: 9, lastName: `N${i}` });
      ended += 1;
      if (ended % 100 === 50) proxy.cut();
      return result;
    }),
  );
  expect(contacts.stats.losses).toBeGreaterThanOrEqual(5);
  const { contacts: page } = await contacts.list({ clientId: 9, perPage: 1_000 });
  expect(page.map(({ contactId }) => contactId)).toEqual(
    created.map(({ contactId }) => contactId).toSorted((a, b) => a - b),
  );
  expect(new Set(page.map(({ lastName }) => lastName)).size).toBe(600);
  await worker.stop();
});

test('a retry by another client has no second effect', async () => {
  const worker = await startWorker(names);
  const messageId = randomUUID();
  const first = await connected({ url, queue: names.queue });
  const call = first.create(jane, { messageId });
  await first.close();
  await expect(call).rejects.toMatchObject({ code: 'CLOSED', messageId });
  const second = await connected({ url, queue: names.queue });
  const one = await second.create(jane, { messageId });
  const other = await second.create(jane, { messageId });
  expect(other).toEqual({ contactId: one.contactId, repeated: true });
  await worker.stop();
});
