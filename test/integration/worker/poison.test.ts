import { afterAll, beforeAll, expect, test } from 'vitest';

import { amqp10, publishAmqp10 } from '../../support/amqp10-publish.ts';
import { createRequest, jane } from '../../support/documents.ts';
import { POLLING } from '../../support/polling.ts';
import { nestedTables, publishRaw } from '../../support/raw-publish.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';
import { deadLetterCount } from './dead-letter-queue.ts';

const running = runningWorker({ HTTP_PORT: '0' });
let second: TestWorker;

beforeAll(async () => {
  second = await startWorker(running.names);
});

afterAll(() => second.stop());

const CREATE = createRequest(jane);

const letters = (): Promise<number> => deadLetterCount(running.requester.channel, running.names.queue);

function creates(count: number): Promise<string>[] {
  return Array.from({ length: count }, async () => {
    const { properties } = await running.requester.request(CREATE);
    return String(properties.headers?.['status']);
  });
}

async function logLines(): Promise<Record<string, unknown>[]> {
  return (await Promise.all([running.worker, second].map((worker) => worker.logLines()))).flat();
}

test.each([
  ['headers nested deeper than a decoder can read', 8_000],
  ['headers nested deeper than any client nests them', 100],
])('%s dead-letter their own message only', async (_, depth) => {
  const { requester, names } = running;
  const { replyTo } = requester;
  const properties = { headers: nestedTables('poison', depth), replyTo, correlationId: `poison ${depth}` };
  publishRaw(requester.channel, names.queue, Buffer.from(CREATE), properties);
  expect(new Set(await Promise.all(creates(10)))).toEqual(new Set(['ok']));

  const answer = (): string | undefined =>
    requester.answers.find(({ properties: { correlationId } }) => correlationId === properties.correlationId)?.xml;
  await expect.poll(answer, POLLING).toContain('<code>INVALID_REQUEST</code>');
  await expect.poll(letters, POLLING).toBe(1);
  const letter = await requester.channel.get(`${names.queue}.dead`, { noAck: true });
  expect(letter && letter.content.toString()).toBe(CREATE);
  expect(letter && letter.properties).toMatchObject({ replyTo, correlationId: properties.correlationId });
  expect(letter && letter.properties.headers).toMatchObject({ 'diagnosis-code': 'UNREADABLE_PROPERTIES' });

  const lines = await logLines();
  expect(lines.filter(({ msg }) => msg === 'link to the broker lost, retrying')).toEqual([]);
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'a request was dead-lettered', reason: 'UNREADABLE_PROPERTIES' }),
  );
});

test.each([
  ['char', amqp10.char('x')],
  ['uuid', amqp10.uuid(Buffer.alloc(16))],
])(
  'a message that the broker cannot deliver (AMQP 1.0’s %s) is dead-lettered by the broker, and no other is',
  async (_, value) => {
    const { requester, names } = running;
    const before = creates(300);
    const poison = { body: Buffer.from(CREATE), applicationProperties: { value } };
    await publishAmqp10(names.amqpUrl, names.queue, poison);
    const behind = creates(300);
    expect(new Set(await Promise.all([...before, ...behind]))).toEqual(new Set(['ok']));
    await expect.poll(letters, { timeout: 60_000, interval: 100 }).toBe(1);
    await requester.channel.purgeQueue(`${names.queue}.dead`);

    const lines = await logLines();
    expect(lines.map(({ msg }) => msg)).toContain('consuming one request at a time');
    // The delivery count that neighbours reached at most; the queue's limit is 100.
    const charged = lines.filter(({ msg }) => String(msg).startsWith('a request starts that ended channels'));
    expect(Math.max(0, ...charged.map(({ count }) => Number(count)))).toBeLessThan(50);
  },
  90_000,
);
