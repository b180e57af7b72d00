import { expect, test } from 'vitest';

import { receivedPart } from '../../../src/amqp/wire/abridged.ts';
import { identityOf } from '../../../src/pipeline/identity.ts';
import { createRequest, jane } from '../../support/documents.ts';
import { POLLING } from '../../support/polling.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { deadLetterCount } from './dead-letter-queue.ts';

const running = runningWorker({ HTTP_PORT: '0' });

const CREATE = createRequest(jane);
const MANY_HEADERS = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`x-${at}`, at]));

/** The answer to the request with this correlation id, once it is there. */
async function answerTo(correlationId: string): Promise<string> {
  const answer = (): string | undefined =>
    running.requester.answers.find(({ properties }) => properties.correlationId === correlationId)?.xml;
  await expect.poll(answer, POLLING).toBeDefined();
  return answer() ?? '';
}

/** The reference that a letter's request has in the log. */
function referenceOf(content: Buffer, messageId: string): string {
  const properties = { appId: undefined, messageId, correlationId: undefined, replyTo: undefined, headers: {} };
  return identityOf({ ...receivedPart(content, 65_536), redelivered: false, properties }).referenceId;
}

/** The only dead letter, which it removes. */
async function letter(): Promise<{ content: Buffer; headers: Record<string, unknown> }> {
  const { requester, names } = running;
  await expect.poll(() => deadLetterCount(requester.channel, names.queue), POLLING).toBe(1);
  const got = await requester.channel.get(`${names.queue}.dead`, { noAck: true });
  if (got === false) throw new Error('there is no dead letter');
  return { content: got.content, headers: got.properties.headers ?? {} };
}

test('bodies of any size are refused with their size, and requests between them are executed', async () => {
  const { requester, names } = running;
  const { channel, replyTo } = requester;
  const sizes = [65_537, 131_000, 131_065, 300_000, 4_000_000];
  const answers = sizes.map(async (size) => {
    channel.sendToQueue(names.queue, Buffer.alloc(size, 'x'), { replyTo, correlationId: `of ${size}` });
    const { properties } = await requester.request(CREATE);
    return properties.headers?.['status'] as unknown;
  });
  expect(await Promise.all(answers)).toEqual(sizes.map(() => 'ok'));
  for (const size of sizes) {
    expect(await answerTo(`of ${size}`)).toContain(
      `<code>REQUEST_TOO_LARGE</code><message>the request has ${size} bytes; at most 65536 are read`,
    );
  }
  expect(await deadLetterCount(channel, names.queue)).toBe(0);
});

test('the largest body that is read arrives whole', async () => {
  const request = CREATE + ' '.repeat(65_536 - Buffer.byteLength(CREATE));
  expect((await running.requester.request(request)).properties.headers?.['status']).toBe('ok');
});

test('a body that is too large reaches the dead-letter queue whole', async () => {
  const { requester, names, worker } = running;
  const body = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
  requester.channel.sendToQueue(names.queue, body, { replyTo: names.queue, messageId: 'large' });
  const { content, headers } = await letter();
  expect(content.equals(body)).toBe(true);
  expect(headers).toMatchObject({ 'x-first-death-reason': 'rejected' });
  expect(await worker.logLines()).toContainEqual(
    expect.objectContaining({
      msg: 'a request was dead-lettered',
      reason: 'REPLY_TO_OWN_QUEUE',
      request_id: referenceOf(content, 'large'),
    }),
  );
});

test('of very many headers the ones that the worker knows take effect', async () => {
  const { requester, names } = running;
  const { channel, replyTo } = requester;
  const send = (correlationId: string, headers: Readonly<Record<string, unknown>>): void =>
    void channel.sendToQueue(names.queue, Buffer.from(CREATE), { replyTo, correlationId, headers });
  send('plain', MANY_HEADERS);
  send('expired', { ...MANY_HEADERS, deadline: 1 });
  send('wrong', { ...MANY_HEADERS, deadline: 'soon' });
  send('endless', { deadline: 'x'.repeat(2_000), ...MANY_HEADERS });
  expect(await answerTo('plain')).toContain('<contact_id>');
  expect(await answerTo('expired')).toContain('<code>EXPIRED</code>');
  expect(await answerTo('wrong')).toContain('the header deadline is not a number');
  expect(await answerTo('endless')).toContain('the headers of the message cannot be read');
  expect((await letter()).headers).toMatchObject({ ...MANY_HEADERS, deadline: 'x'.repeat(2_000) });
});

test('very many headers reach the dead-letter queue with their message', async () => {
  const { requester, names } = running;
  requester.channel.sendToQueue(names.queue, Buffer.from(CREATE), { replyTo: names.queue, headers: MANY_HEADERS });
  const { content, headers } = await letter();
  expect(content.toString()).toBe(CREATE);
  expect(headers).toMatchObject(MANY_HEADERS);
});
