import { randomUUID } from 'node:crypto';

import type { GetMessage } from 'amqplib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { codesIn, createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { POLLING } from '../../support/polling.ts';
import { loseMajority } from '../../support/quorum-queue.ts';
import { Requester } from '../../support/requester.ts';
import { startBroker, type OwnServer } from '../../support/servers.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';

/** What becomes of a request whose answer cannot be given, and of those beside it. */

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

async function letter(limitMs: number): Promise<GetMessage> {
  const take = async (): Promise<GetMessage> => {
    const found = await requester.channel.get(`${names.queue}.dead`, { noAck: true });
    if (found === false) throw new Error('there is no letter');
    return found;
  };
  return vi.waitFor(take, { ...POLLING, timeout: limitMs });
}

test('headers that leave a dead letter no room in a frame are dropped; ids, diagnosis and link stay', async () => {
  const running = await start(`${names.amqpUrl}?frameMax=8192`, '8');
  const sent = { messageId: randomUUID(), correlationId: 'c', replyTo: names.queue };
  requester.send(createRequest(), { ...sent, headers: { large: 'x'.repeat(7_900), small: 'y' } });
  const { properties } = await letter(30_000);
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
  'a reply queue without majority costs its own request: the others are answered, and taking goes on',
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

    const { properties } = await letter(60_000);
    expect(properties).toMatchObject({ messageId, replyTo: bad });
    expect(properties.headers).toMatchObject({ 'diagnosis-code': 'ANSWER_UNCONFIRMED' });
    // Sent again, its key makes the answer that of the first execution.
    const again = await requester.request(createRequest(), { messageId });
    expect(again.properties.headers).toMatchObject({ status: 'ok', repeated: true });
    const log = await running.logText();
    expect(log).not.toContain('link to the broker lost');
    expect(log).not.toContain('taking no requests for now');
  },
);
