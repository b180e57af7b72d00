import { randomUUID } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';

import type { ConsumeMessage, GetMessage } from 'amqplib';
import { expect, test } from 'vitest';

import { apiMethods } from '../../../src/methods/index.ts';
import type { Method } from '../../../src/protocol/method.ts';
import { ok } from '../../../src/protocol/response.ts';
import { codesIn, createRequest, getRequest, jane, request } from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { nextDeadLetter } from './dead-letter-queue.ts';

const broken: Method<string> = {
  name: 'test.broken',
  read: (body) => {
    if (body[0]?.text === 'read') throw new Error('broken in read');
    return { valid: true, command: body[0]?.text ?? '' };
  },
  execute: (batch) =>
    batch.some(({ command }) => command === 'execute')
      ? Promise.reject(new Error('broken in execute'))
      : Promise.resolve(
          batch.map(({ command }) => ok([{ name: 'text', content: command === 'encode' ? '\u0000' : command }])),
        ),
};

const settings = { MAX_REQUEST_BYTES: '2000', MAX_ATTEMPTS: '2', REPLY_TO_ALLOW: '^(amq\\.|test)' };
const running = runningWorker(settings, { methods: (...args) => [...apiMethods(...args), broken] });
const { names } = running;

const deadLetter = (): Promise<GetMessage> => nextDeadLetter(running.requester.channel, names.queue);

async function depths(): Promise<number[]> {
  const queues = [names.queue, `${names.queue}.dead`];
  return Promise.all(queues.map(async (queue) => (await running.requester.channel.checkQueue(queue)).messageCount));
}

test.each([
  ['MALFORMED_XML', '<request method="contact.get">'],
  ['MALFORMED_XML', Buffer.from([0xff, 0x00, 0xff])],
  ['MALFORMED_XML', ''],
  ['UNSUPPORTED_ENCODING', '<?xml version="1.0" encoding="KOI8-R"?><request method="contact.get"/>'],
  ['REQUEST_TOO_LARGE', createRequest({ ...jane, first_name: 'x'.repeat(2000) })],
  ['INVALID_REQUEST', '<response/>'],
  ['UNKNOWN_METHOD', request('contact.creat', '')],
  ['UNKNOWN_METHOD', request('__proto__', '')],
])('%s is answered, acknowledged and not dead-lettered', async (code, document) => {
  const { xml, properties } = await running.requester.request(document);
  expect(codesIn(xml)).toEqual([code]);
  expect(properties.type).toBe('request');
  expect(properties.headers).toMatchObject({ status: 'fail' });
  await expect.poll(depths).toEqual([0, 0]);
});

test.each([
  ['INVALID_PARAMS', getRequest(0)],
  ['NOT_FOUND', getRequest(999_999)],
])('%s is answered with the method as its type', async (code, document) => {
  const { xml, properties } = await running.requester.request(document);
  expect(codesIn(xml)).toEqual([code]);
  expect(properties.type).toBe('contact.get');
});

test('a compressed body is refused with its content_encoding; a plain body is read whatever the property says', async () => {
  const compressed = await running.requester.request(deflateRawSync(getRequest(999_999)), {
    contentEncoding: 'deflate',
  });
  expect(compressed.xml).toContain('the body is no XML, and content_encoding says deflate');
  const plain = await running.requester.request(getRequest(999_999), { contentEncoding: 'deflate' });
  expect(codesIn(plain.xml)).toEqual(['NOT_FOUND']);
});

test.each(['read', 'execute', 'encode'])(
  'a defect in %s is answered INTERNAL_ERROR and dead-lettered, with one reference on both',
  async (stage) => {
    const messageId = randomUUID();
    const { xml } = await running.requester.request(request('test.broken', `<text>${stage}</text>`), {
      messageId,
      headers: { own: 1 },
    });
    expect(codesIn(xml)).toEqual(['INTERNAL_ERROR']);
    expect(xml).not.toContain('broken');
    const letter = await deadLetter();
    expect(letter.properties).toMatchObject({ messageId, headers: { own: 1, 'diagnosis-code': 'INTERNAL_ERROR' } });
    expect(letter.properties.headers?.['diagnosis-attempts']).toBe(stage === 'execute' ? 2 : 1);
    expect(xml).toContain(String(letter.properties.headers?.['diagnosis-reference-id']));
    expect(letter.content.toString()).toContain(stage);
  },
);

test('a defect of one request does not fail the others of its batch', async () => {
  const stages = ['a', 'execute', 'b', 'c'];
  const answers = await Promise.all(
    stages.map((text) => running.requester.request(request('test.broken', `<text>${text}</text>`))),
  );
  expect(answers.map(({ xml }) => codesIn(xml))).toEqual([[], ['INTERNAL_ERROR'], [], []]);
  await deadLetter();
});

test('without a correlation_id the answer carries the message_id', async () => {
  const messageId = randomUUID();
  running.requester.send(getRequest(1), { replyTo: running.requester.replyTo, messageId });
  await expect
    .poll(() => running.requester.answers.map((answer) => String(answer.properties.correlationId)))
    .toContain(messageId);
});

test('the log holds the reference of a request, and its message_id only if that is a UUID', async () => {
  const [uuid, name] = [randomUUID(), 'jane@doe.example'];
  for (const messageId of [uuid, name]) await running.requester.request(getRequest(1), { messageId });
  await expect.poll(async () => (await running.worker.logLines()).map((line) => line['message_id'])).toContain(uuid);
  expect(await running.worker.logText()).not.toContain(name);
});

test('direct reply-to receives its answer', async () => {
  const channel = await running.requester.model.createChannel();
  const answered = new Promise<ConsumeMessage>((resolve) => {
    void channel.consume('amq.rabbitmq.reply-to', (message) => message !== null && resolve(message), { noAck: true });
  });
  channel.sendToQueue(names.queue, Buffer.from(createRequest()), {
    replyTo: 'amq.rabbitmq.reply-to',
    correlationId: '5',
  });
  const { content, properties } = await answered;
  expect(content.toString()).toContain('status="ok"');
  expect(properties.correlationId).toBe('5');
  await channel.close();
});

test('a request without reply_to is executed, logged and acknowledged', async () => {
  const last_name = randomUUID();
  running.requester.send(createRequest({ ...jane, last_name, client_id: 77 }));
  const listed = request('contact.list', '<client_id>77</client_id>');
  await expect.poll(async () => (await running.requester.request(listed)).xml).toContain(last_name);
  const lines = await running.worker.logLines();
  expect(lines.filter((line) => line['msg'] === 'request' && line['reply'] === 'none')).toHaveLength(1);
});

test('an unroutable answer is counted and logged, and the request is acknowledged', async () => {
  running.requester.send(getRequest(1), { replyTo: 'test-queue-that-is-gone', messageId: randomUUID() });
  await expect
    .poll(async () => (await running.worker.logLines()).filter((line) => line['reply'] === 'returned'))
    .toHaveLength(1);
  await expect.poll(depths).toEqual([0, 0]);
});

test.each([
  ['REPLY_TO_OWN_QUEUE', () => names.queue],
  ['REPLY_TO_OWN_QUEUE', () => `${names.queue}.dead`],
  ['REPLY_TO_NOT_ALLOWED', () => 'somebody.elses.queue'],
])('%s: nothing is executed or sent, and the request is dead-lettered', async (reason, replyTo) => {
  const last_name = randomUUID();
  running.requester.send(createRequest({ ...jane, last_name, client_id: 78 }), { replyTo: replyTo() });
  const letter = await deadLetter();
  expect(letter.properties.headers).toMatchObject({ 'diagnosis-code': reason });
  expect(letter.properties.replyTo).toBe(replyTo());
  const listed = await running.requester.request(request('contact.list', '<client_id>78</client_id>'));
  expect(listed.xml).not.toContain(last_name);
  await expect.poll(depths).toEqual([0, 0]);
});
