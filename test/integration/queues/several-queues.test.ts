import { randomUUID } from 'node:crypto';
import { connect, type Channel } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';

import { ContactsClient } from '../../../src/client/index.ts';
import { requestQueuesOf } from '../../../src/protocol/request-queues.ts';
import { getRequest, jane, updateRequest } from '../../support/documents.ts';
import { freePort } from '../../support/servers.ts';
import { freshQueues } from '../../support/several-queues.ts';
import { startWorker, testWorker, type TestWorker } from '../../support/worker.ts';
import { contacts } from '../cli/contacts-process.ts';

const COUNT = 4;
const JANE = { clientId: jane.client_id, firstName: jane.first_name, lastName: jane.last_name, email: jane.email };
const names = freshQueues();
const queues = requestQueuesOf({ name: names.queue, count: COUNT }).map(({ queue }) => queue);

async function started(settings: Readonly<Record<string, string>> = {}): Promise<TestWorker> {
  const worker = await startWorker(names, { REQUEST_QUEUES: String(COUNT), ...settings });
  onTestFinished(async () => void (await worker.stop()));
  return worker;
}

async function client(): Promise<ContactsClient> {
  const opened = await ContactsClient.connect({ url: names.amqpUrl, queue: names.queue, queues: COUNT });
  onTestFinished(() => opened.close());
  return opened;
}

async function channel(): Promise<Channel> {
  const model = await connect(names.amqpUrl);
  model.on('error', () => undefined);
  onTestFinished(() => model.close().catch(() => undefined));
  const opened = await model.createChannel();
  opened.on('error', () => undefined);
  return opened;
}

async function depths(look: Channel): Promise<number[]> {
  return Promise.all(queues.map(async (queue) => (await look.checkQueue(queue)).messageCount));
}

test('all methods work over four queues, requests spread over them, and a repeat is recognised', async () => {
  const port = await freePort();
  await started({ HTTP_PORT: String(port) });
  const producer = await client();
  const messageId = randomUUID();
  const { contactId } = await producer.create(JANE, { messageId });
  expect(await producer.create(JANE, { messageId })).toMatchObject({ contactId, repeated: true });
  await producer.update(contactId, { phone: '1' });
  expect((await producer.get(contactId)).phone).toBe('1');
  expect((await producer.list({})).contacts).toHaveLength(1);
  await producer.delete(contactId);
  await expect(producer.get(contactId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await Promise.all(Array.from({ length: 100 }, () => producer.create(JANE)));

  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  for (const queue of queues) await expect.poll(metrics).toContain(`contacts_queue_messages{queue="${queue}"} 0`);
  expect(await metrics()).toContain('contacts_link_up{link="consume"} 1');
  expect((await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as object).toMatchObject({ status: 'ready' });
});

test('typed calls and raw documents about a contact wait in one queue, creates in all', async () => {
  const look = await channel();
  await (await startWorker(names, { REQUEST_QUEUES: String(COUNT) })).stop();
  const producer = await client();
  const unanswered = (calls: readonly Promise<unknown>[]): Promise<unknown> => Promise.allSettled(calls);
  const limit = { timeoutMs: 3_000, deadline: 1 };
  await unanswered([
    producer.get(7, limit),
    producer.update(7, { phone: '1' }, limit),
    producer.delete(7, limit),
    producer.request(getRequest(7), limit),
    producer.request(updateRequest(7, { phone: '2' }), limit),
  ]);
  await expect.poll(async () => (await depths(look)).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 5]);
  await unanswered(Array.from({ length: 60 }, () => producer.create(JANE, limit)));
  await expect.poll(async () => (await depths(look)).every((depth) => depth > 0)).toBe(true);
  // Past their deadline: nothing is executed.
  await started();
  await expect.poll(() => depths(look)).toEqual([0, 0, 0, 0]);
});

test('dead letters go back to the queue of their contact; doctor and watch read all queues', async () => {
  await started();
  const look = await channel();
  const dead = `${names.queue}.dead`;
  // Its answer would go to the worker's own queue.
  look.publish(names.queue, '9', Buffer.from(getRequest(9)), { replyTo: `${names.queue}.2`, messageId: 'dead' });
  await expect.poll(async () => (await look.checkQueue(dead)).messageCount).toBe(1);
  const run = (...args: string[]): ReturnType<typeof contacts> =>
    contacts(names, args, { env: { REQUEST_QUEUES: String(COUNT) } });
  expect((await run('dead-letters', 'send-back', '--all', '--yes', '--force')).out).toContain('1 letter sent back');
  // It is refused again: it was delivered, and by its exchange.
  await expect.poll(async () => (await look.checkQueue(dead)).messageCount).toBe(1);
  const letter = await look.get(dead, { noAck: true });
  expect(letter).toMatchObject({ properties: { headers: { 'sent-back': 1 } } });

  const doctor = await run('doctor', '-o', 'json');
  for (const queue of queues) expect(doctor.out).toContain(`${queue} exists, 0 waiting`);
  expect(doctor.code, doctor.out).toBe(0);
  expect((await contacts(names, ['doctor', '--queues', '1', '--timeout', '2'])).out).toContain(
    `${queues[0]} exists, 0 waiting, but REQUEST_QUEUES is 1`,
  );
  const watched = await run('watch', '--count', '1', '-o', 'json');
  expect(JSON.parse(watched.out)).toMatchObject({ waiting: 0, consumers: 1, dead_letters_waiting: 0 });
  expect((await run('list', '--queues', '65')).code).toBe(2);
});

test.each([
  ['1', `the exchange ${names.queue}.hash exists`],
  ['2', `the queue ${names.queue}.2 exists`],
  ['8', `there are fewer queues ${names.queue}.0, ${names.queue}.1`],
])('a worker with REQUEST_QUEUES=%s does not start while there are four, and says why', async (count, reason) => {
  await started();
  const other = testWorker(names, { REQUEST_QUEUES: count });
  onTestFinished(async () => void (await other.stop()));
  await expect(other.start()).rejects.toThrow(`REQUEST_QUEUES is ${count}, but ${reason}`);
});

test('producers are paused by the binding alone, and a reconnect of the worker does not undo that', async () => {
  const worker = await started();
  const producer = await client();
  const look = await channel();
  await look.unbindExchange(`${names.queue}.hash`, names.queue, '');
  await expect(producer.get(1)).rejects.toMatchObject({ code: 'UNROUTABLE' });
  await look.deleteQueue(queues[1] ?? '');
  // The consumer of that queue is cancelled, and its channel opened again.
  await expect.poll(() => worker.logText()).toContain('the broker cancelled the consumer');
  await expect.poll(async () => (await worker.readiness()).ready).toBe(true);
  await expect(producer.get(1)).rejects.toMatchObject({ code: 'UNROUTABLE' });
  await look.bindExchange(`${names.queue}.hash`, names.queue, '');
  await look.bindQueue(queues[1] ?? '', `${names.queue}.hash`, '');
  await expect(producer.get(1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('without the exchange requests are unroutable; the next connection of a worker makes it again', async () => {
  const worker = await started();
  const producer = await client();
  const look = await channel();
  for (const exchange of [names.queue, `${names.queue}.hash`]) await look.deleteExchange(exchange);
  await expect(producer.get(1)).rejects.toMatchObject({ code: 'UNROUTABLE' });
  await worker.stop();
  await started();
  await expect(producer.get(1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
