import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { codesIn, createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { loseMajority } from '../../support/quorum-queue.ts';
import { Requester } from '../../support/requester.ts';
import { startBroker, type OwnServer } from '../../support/servers.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';
import { nextDeadLetter } from './dead-letter-queue.ts';

/** Requests whose answers cannot be delivered, and the requests in flight with them. */

const names = freshNames();
let worker: TestWorker | undefined;
let requester: Requester;
let broker: OwnServer | undefined;

beforeEach(() => {
  worker = undefined;
  broker = undefined;
});

afterEach(async () => {
  await requester.close();
  await worker?.stop();
  await broker?.remove();
});

async function start(amqpUrl: string, prefetch: string): Promise<TestWorker> {
  worker = await startWorker(names, { AMQP_URL: amqpUrl, PREFETCH: prefetch });
  requester = await Requester.open(amqpUrl, names.queue);
  return worker;
}

test('headers too large for a dead letter’s frame are dropped; ids, diagnosis and connection stay', async () => {
  const running = await start(`${names.amqpUrl}?frameMax=8192`, '8');
  const sent = { messageId: randomUUID(), correlationId: 'c', replyTo: names.queue };
  requester.send(createRequest(), { ...sent, headers: { large: 'x'.repeat(7_900), small: 'y' } });
  const { properties } = await nextDeadLetter(requester.channel, names.queue);
  expect(properties).toMatchObject(sent);
  expect(properties.headers).toMatchObject({
    small: 'y',
    'diagnosis-code': 'REPLY_TO_OWN_QUEUE',
    'diagnosis-dropped': 'large',
  });
  expect(codesIn((await requester.request(createRequest())).xml)).toEqual([]);
  expect(await running.logText()).not.toContain('link to the broker lost');
});

test(
  'a reply queue without majority dead-letters its own request only; consumption continues',
  { timeout: 120_000 },
  async () => {
    broker = await startBroker();
    const running = await start(broker.url, '8');
    const bad = `bad-${randomUUID()}`;
    await requester.channel.assertQueue(bad, { arguments: { 'x-queue-type': 'quorum' } });
    await loseMajority(broker, bad);
    const messageId = randomUUID();
    requester.send(createRequest(), { replyTo: bad, messageId });
    const answers = await Promise.all(Array.from({ length: 40 }, () => requester.request(createRequest())));
    expect(answers.filter(({ xml }) => codesIn(xml).length > 0)).toEqual([]);
    expect((await running.readiness()).ready).toBe(true);

    const { properties } = await nextDeadLetter(requester.channel, names.queue, 60_000);
    expect(properties).toMatchObject({ messageId, replyTo: bad });
    expect(properties.headers).toMatchObject({ 'diagnosis-code': 'ANSWER_UNCONFIRMED' });
    // Its key makes the repeated request return the answer of the first execution.
    const again = await requester.request(createRequest(), { messageId });
    expect(again.properties.headers).toMatchObject({ status: 'ok', repeated: true });
    const log = await running.logText();
    expect(log).not.toContain('link to the broker lost');
    expect(log).not.toContain('consumption paused');
  },
);
