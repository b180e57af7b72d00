import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { codesIn, createRequest, jane, listRequest, okAnswer } from '../../support/documents.ts';
import { POLLING } from '../../support/polling.ts';
import { publishRaw, type RawProperties } from '../../support/raw-publish.ts';
import { Requester, type Answer } from '../../support/requester.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { nextDeadLetter } from './dead-letter-queue.ts';

const running = runningWorker();
const { names } = running;

let producer: Requester;

beforeAll(async () => {
  producer = await Requester.open(names.amqpUrl, names.queue);
});
afterAll(() => producer.close());

const [ONE, OTHER] = [Buffer.alloc(16, 0xff), Buffer.alloc(16, 0xfe)];
const document = (clientId: number): Buffer => Buffer.from(createRequest({ ...jane, client_id: clientId }));

/** Sends a request with the producer's reply_to and returns the next answer. */
async function sent(ids: RawProperties, body: Buffer): Promise<Answer> {
  const before = producer.answers.length;
  publishRaw(producer.channel, names.queue, body, { replyTo: producer.replyTo, ...ids });
  return vi.waitFor(() => {
    const answer = producer.answers[before];
    if (answer === undefined) throw new Error('no answer yet');
    return answer;
  }, POLLING);
}

async function contactsOf(clientId: number): Promise<string> {
  return (await running.requester.request(listRequest({ client_id: clientId }))).xml;
}

test('a correlation_id that is not UTF-8 is refused by name; the request is not executed, and no altered id is returned', async () => {
  const messageId = randomUUID();
  const named = await sent({ correlationId: ONE, messageId: Buffer.from(messageId) }, document(901));
  expect(codesIn(named.xml)).toEqual(['INVALID_REQUEST']);
  expect(named.xml).toContain('the property correlation_id is not UTF-8');
  expect(named.properties.correlationId).toBe(messageId);
  const nameless = await sent({ correlationId: ONE }, document(901));
  expect(nameless.xml).toBe(named.xml);
  expect(nameless.properties.correlationId).toBeUndefined();
  expect(await contactsOf(901)).toBe(okAnswer());
});

test.each([
  ['message_id', 'messageId'],
  ['app_id', 'appId'],
] as const)('two requests whose %s is not UTF-8 are refused, never treated as one', async (property, name) => {
  for (const id of [ONE, OTHER, ONE]) {
    const correlationId = randomUUID();
    const ids = { messageId: Buffer.from('7'), correlationId: Buffer.from(correlationId), [name]: id };
    const { xml, properties } = await sent(ids, document(902));
    expect(codesIn(xml)).toEqual(['INVALID_REQUEST']);
    expect(xml).toContain(`the property ${property} is not UTF-8`);
    expect(properties.correlationId).toBe(correlationId);
    expect(properties.headers).not.toHaveProperty('repeated');
  }
  expect(await contactsOf(902)).toBe(okAnswer());
});

test('a U+FFFD in the original id is refused too: it cannot be distinguished from invalid bytes', async () => {
  const { xml } = await running.requester.request(document(903), { messageId: 'a\uFFFDb' });
  expect(xml).toContain('the property message_id is not UTF-8, or has U+FFFD');
  expect(await contactsOf(903)).toBe(okAnswer());
});

test('a request whose reply_to is not UTF-8 is dead-lettered and not executed', async () => {
  publishRaw(producer.channel, names.queue, document(904), { replyTo: ONE });
  const letter = await nextDeadLetter(running.requester.channel, names.queue);
  expect(letter.properties.headers).toMatchObject({ 'diagnosis-code': 'REPLY_TO_NOT_UTF8' });
  expect(await contactsOf(904)).toBe(okAnswer());
});

test('ids of any other text are returned byte for byte, and an empty id counts as absent', async () => {
  for (const id of ['ÿþ', '😀'.repeat(60), 'a\u0000b', ' ', '\uFEFFx']) {
    const { properties } = await sent({ correlationId: Buffer.from(id) }, document(905));
    expect(properties.correlationId).toBe(id);
  }
  const messageId = randomUUID();
  const { properties } = await sent(
    { correlationId: Buffer.alloc(0), messageId: Buffer.from(messageId) },
    document(905),
  );
  expect(properties.correlationId).toBe(messageId);
});
