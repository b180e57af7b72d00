import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { ClosedError, TimeoutError, UnroutableError, type NewContact } from '../../../src/client/index.ts';
import { clients } from '../../support/contacts-client.ts';
import { startWorker } from '../../support/worker.ts';
import { idleQueue } from './idle-queue.ts';

const idle = idleQueue();
const { request, answer, names, queue } = idle;
const { amqpUrl: url } = names;
const connected = clients({ url, queue, timeoutMs: 20_000 });
const jane: NewContact = { clientId: 1, firstName: 'Jane', lastName: 'Doe', email: 'jane@example.com' };

describe('a request', () => {
  test('is persistent, has an id of its own and a deadline', async () => {
    const contacts = await connected({ appId: 'app' });
    const before = Date.now();
    const calls = [contacts.delete(1), contacts.delete(1), contacts.delete(1, { messageId: 'mine', deadline: 1e15 })];
    const requests = [await request(), await request(), await request()];
    for (const { properties } of requests) {
      expect(properties).toMatchObject({
        deliveryMode: 2,
        appId: 'app',
        contentType: 'application/xml',
        type: 'contact.delete',
        replyTo: expect.stringMatching(/^amq\.rabbitmq\.reply-to\./),
      });
    }
    const deadlines = requests.map(({ properties }) => properties.headers?.['deadline'] as number);
    expect(deadlines[0]).toBeGreaterThanOrEqual(before + 20_000);
    expect(deadlines[0]).toBeLessThanOrEqual(Date.now() + 20_000);
    expect(deadlines[2]).toBe(1e15);
    const ids = requests.map(({ properties }) => properties.messageId as string);
    expect(ids[2]).toBe('mine');
    expect(new Set(ids).size).toBe(3);
    requests.forEach((message) => answer(message));
    await Promise.all(calls);
  });

  test('without a deadline has no such header', async () => {
    const contacts = await connected();
    const call = contacts.get(1, { deadline: null, timeoutMs: 200 });
    expect((await request()).properties.headers).toEqual({});
    await expect(call).rejects.toThrow(TimeoutError);
  });
});

describe('a call without an answer', () => {
  test('rejects after timeoutMs, with the messageId for a retry', async () => {
    const contacts = await connected({ timeoutMs: 200 });
    const error: unknown = await contacts.create(jane).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TimeoutError);
    const { code, messageId, message, outcomeUnknown } = error as TimeoutError;
    const { properties } = await request();
    expect([code, messageId]).toEqual(['TIMEOUT', properties.messageId]);
    expect(message).toContain('it is in the request queue');
    expect(outcomeUnknown).toBe(true);
    expect(contacts.stats.inFlight).toBe(0);
  });

  test('is safe to retry with the same messageId', async () => {
    const contacts = await connected({ queue: names.queue, timeoutMs: 60_000 });
    const prepared = await startWorker(names);
    await prepared.stop();
    const messageId = randomUUID();
    const late = contacts.create({ ...jane, clientId: 7 }, { messageId, timeoutMs: 100, deadline: null });
    await expect(late).rejects.toThrow(TimeoutError);
    const worker = await startWorker(names);
    const { contactId } = await contacts.create({ ...jane, clientId: 7 }, { messageId });
    const { contacts: page } = await contacts.list({ clientId: 7 });
    expect(page.map((contact) => contact.contactId)).toEqual([contactId]);
    await expect.poll(() => contacts.stats.ignoredAnswers).toBe(1);
    await worker.stop();
  });

  test('rejects with the reason of its signal', async () => {
    const contacts = await connected();
    const before = AbortSignal.abort(new Error('not today'));
    await expect(contacts.get(1, { signal: before })).rejects.toThrow('not today');
    const controller = new AbortController();
    const calls = Array.from({ length: 20 }, () => contacts.get(1, { signal: controller.signal }));
    await request();
    controller.abort();
    for (const settled of await Promise.allSettled(calls)) {
      expect(settled).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
    }
    await expect(contacts.get(1, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(contacts.stats.inFlight).toBe(0);
  });

  test('ends with the client', async () => {
    const contacts = await connected({ maxInFlight: 1 });
    const [inFlight, waiting] = [contacts.get(1), contacts.get(2)];
    await request();
    const closing = contacts.close();
    expect(contacts.close()).toBe(closing);
    await closing;
    await pause(20);
    await expect(inFlight).rejects.toThrow(ClosedError);
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED', name: 'ClosedError' });
    await expect(contacts.get(3)).rejects.toThrow(ClosedError);
    await contacts.close();
  });

  test('ends where its client is disposed of, as by `await using`', async () => {
    const contacts = await connected();
    const call = contacts.get(1);
    await contacts[Symbol.asyncDispose]();
    await expect(call).rejects.toThrow(ClosedError);
  });
});

test('a request to a queue that does not exist rejects at once', async () => {
  const contacts = await connected({ queue: `${queue}.missing` });
  const error: unknown = await contacts.create(jane).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnroutableError);
  expect(error).toMatchObject({ code: 'UNROUTABLE', message: expect.stringContaining(`${queue}.missing`) });
});

test('at most maxInFlight requests are sent; the other calls wait their turn', async () => {
  const contacts = await connected({ maxInFlight: 2 });
  const ended: number[] = [];
  const calls = [1, 2, 3, 4].map(async (id) => {
    await contacts.delete(id);
    ended.push(id);
  });
  const third = expect(contacts.delete(5, { timeoutMs: 100 })).rejects.toThrow(
    'it waits, as maxInFlight requests have no answer',
  );
  const first = await request();
  const second = await request();
  await third;
  expect(await idle.channel.get(queue)).toBe(false);
  expect(contacts.stats).toMatchObject({ connected: true, inFlight: 2, waiting: 2 });
  answer(second);
  const next = await request();
  expect(next.content.toString()).toContain('<contact_id>3</contact_id>');
  for (const message of [first, next]) answer(message);
  answer(await request());
  await Promise.all(calls);
  expect(ended).toEqual([2, 1, 3, 4]);
  expect(contacts.stats).toMatchObject({ inFlight: 0, waiting: 0 });
});

test('a call that waits ends with its signal or time limit, and its place is free', async () => {
  const contacts = await connected({ maxInFlight: 1, maxWaiting: 2 });
  const sent = contacts.delete(1);
  const first = await request();
  const controller = new AbortController();
  const aborted = contacts.delete(2, { signal: controller.signal });
  const late = expect(contacts.delete(3, { timeoutMs: 100 })).rejects.toThrow(
    'it waits, as maxInFlight requests have no answer',
  );
  const refused: unknown = await contacts.delete(4, { messageId: 'fourth' }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'ContactsError', code: 'TOO_MANY_CALLS', messageId: 'fourth' });
  controller.abort(new Error('not today'));
  await expect(aborted).rejects.toThrow('not today');
  await late;
  expect(contacts.stats).toMatchObject({ inFlight: 1, waiting: 0 });
  const calls = [contacts.delete(5), contacts.delete(6)];
  await expect(contacts.delete(7)).rejects.toMatchObject({ code: 'TOO_MANY_CALLS' });
  answer(first);
  await sent;
  for (const id of [5, 6]) {
    const next = await request();
    expect(next.content.toString()).toContain(`<contact_id>${id}</contact_id>`);
    answer(next);
  }
  await Promise.all(calls);
  expect(contacts.stats).toMatchObject({ inFlight: 0, waiting: 0 });
});

test('where maxWaiting is 0, no call waits', async () => {
  const contacts = await connected({ maxInFlight: 1, maxWaiting: 0 });
  const sent = contacts.delete(1);
  await expect(contacts.delete(2)).rejects.toMatchObject({ code: 'TOO_MANY_CALLS' });
  answer(await request());
  await sent;
});

test('answers that nobody waits for are counted, and change nothing', async () => {
  const contacts = await connected();
  const call = contacts.delete(1);
  const message = await request();
  answer({ ...message, properties: { ...message.properties, correlationId: 'of somebody else' } });
  idle.channel.sendToQueue(message.properties.replyTo as string, Buffer.from('?'), {});
  answer(message);
  answer(message);
  await call;
  await expect.poll(() => contacts.stats.ignoredAnswers).toBe(3);
});

test('a page without has_more rejects its call: the list would seem to be complete', async () => {
  const contacts = await connected();
  const call = contacts.list();
  answer(await request(), '<response status="ok"/>', { status: 'ok', page: 1, per_page: 25 });
  await expect(call).rejects.toMatchObject({ code: 'BAD_ANSWER', outcomeUnknown: true });
});

function contactOf(id: string): string {
  const others = ['first_name', 'last_name', 'email', 'phone', 'mobile_phone'].map((name) => `<${name}/>`);
  return `<contact><contact_id>${id}</contact_id>${others.join('')}</contact>`;
}

test.each([
  ['no XML', 'ok', '{}'],
  ['another document', 'ok', '<other/>'],
  ['no status', 'ok', '<response/>'],
  ['a failure without problems', 'fail', '<response status="fail"/>'],
  ['a contact without fields', 'ok', '<response status="ok"><contact/></response>'],
  ['no contact', 'ok', '<response status="ok"/>'],
  ['a failure without a code', 'fail', '<response status="fail"><error/></response>'],
  ['an id that is no number', 'ok', `<response status="ok">${contactOf('x')}</response>`],
  ['an empty id', 'ok', `<response status="ok">${contactOf('')}</response>`],
])('an answer that cannot be read (%s) rejects its call', async (_, status, body) => {
  const contacts = await connected();
  const call = contacts.get(1);
  answer(await request(), body, { status });
  await expect(call).rejects.toMatchObject({ name: 'ContactsError', code: 'BAD_ANSWER' });
});

test('a request that is longer than the broker accepts rejects; its neighbours are answered', async () => {
  const contacts = await connected();
  const calls = [contacts.delete(1), contacts.request(Buffer.alloc(17 * 1024 * 1024)), contacts.delete(2)] as const;
  await expect(calls[1]).rejects.toMatchObject({ code: 'REQUEST_TOO_LARGE' });
  const answering = Promise.allSettled([calls[0], calls[2]]);
  // Either may have been sent twice.
  const consumer = await idle.channel.consume(queue, (message) => void (message && answer(message)), { noAck: true });
  expect(await answering).toEqual([
    { status: 'fulfilled', value: { repeated: false } },
    { status: 'fulfilled', value: { repeated: false } },
  ]);
  await idle.channel.cancel(consumer.consumerTag);
  const again = contacts.request(Buffer.alloc(17 * 1024 * 1024));
  await expect(again).rejects.toMatchObject({ code: 'REQUEST_TOO_LARGE' });
});

test('a request that the broker refuses costs its channel, not the connection of those that wait', async () => {
  const contacts = await connected({ maxInFlight: 1 });
  const refused = expect(contacts.request(Buffer.alloc(17 * 1024 * 1024))).rejects.toThrow('longer');
  const call = contacts.delete(1);
  await refused;
  answer(await request());
  await call;
  expect(contacts.stats).toMatchObject({ losses: 1, retried: 0 });
});
