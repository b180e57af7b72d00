import { afterAll, beforeAll, expect, test } from 'vitest';

import { amqp10, publishAmqp10 } from '../../support/amqp10-publish.ts';
import { createRequest, jane } from '../../support/documents.ts';
import { POLLING } from '../../support/polling.ts';
import { nestedTables, publishRaw } from '../../support/raw-publish.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';

const running = runningWorker({ HTTP_PORT: '0' });
let second: TestWorker;

beforeAll(async () => {
  second = await startWorker(running.names);
});

afterAll(() => second.stop());

const CREATE = createRequest(jane);

async function deadLetters(): Promise<number> {
  return (await running.requester.channel.checkQueue(`${running.names.queue}.dead`)).messageCount;
}

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
  ['headers nested deeper than a decoder can follow', 8_000],
  ['headers nested deeper than any client nests them', 100],
])('%s cost their own message only', async (_, depth) => {
  const { requester, names } = running;
  const { replyTo } = requester;
  const properties = { headers: nestedTables('poison', depth), replyTo, correlationId: `poison ${depth}` };
  publishRaw(requester.channel, names.queue, Buffer.from(CREATE), properties);
  expect(new Set(await Promise.all(creates(10)))).toEqual(new Set(['ok']));

  const answer = (): string | undefined =>
    requester.answers.find(({ properties: { correlationId } }) => correlationId === properties.correlationId)?.xml;
  await expect.poll(answer, POLLING).toContain('<code>INVALID_REQUEST</code>');
  await expect.poll(deadLetters, POLLING).toBe(1);
  const letter = await requester.channel.get(`${names.queue}.dead`, { noAck: true });
  expect(letter && letter.content.toString()).toBe(CREATE);
  expect(letter && letter.properties).toMatchObject({ replyTo, correlationId: properties.correlationId });
  expect(letter && letter.properties.headers).toMatchObject({ 'diagnosis-code': 'UNREADABLE_PROPERTIES' });

  const lines = await logLines();
  expect(lines.filter(({ msg }) => msg === 'link to the broker lost, trying again')).toEqual([]);
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'a request went to the dead-letter queue', reason: 'UNREADABLE_PROPERTIES' }),
  );
});

test.each([
  ['char', amqp10.char('x')],
  ['uuid', amqp10.uuid(Buffer.alloc(16))],
])(
  'what the broker itself cannot hand out (AMQP 1.0’s %s) is dead-lettered by it, and nothing beside it',
  async (_, value) => {
    const { requester, names } = running;
    const before = creates(300);
    const poison = { body: Buffer.from(CREATE), applicationProperties: { value } };
    await publishAmqp10(names.amqpUrl, names.queue, poison);
    const behind = creates(300);
    expect(new Set(await Promise.all([...before, ...behind]))).toEqual(new Set(['ok']));
    await expect.poll(deadLetters, { timeout: 60_000, interval: 100 }).toBe(1);
    await requester.channel.purgeQueue(`${names.queue}.dead`);

    const lines = await logLines();
    expect(lines.map(({ msg }) => msg)).toContain('taking one request at a time');
    // How often neighbours were charged, at most; the limit is 100.
    const charged = lines.filter(({ msg }) => String(msg).startsWith('a request is started that ended channels'));
    expect(Math.max(0, ...charged.map(({ count }) => Number(count)))).toBeLessThan(50);
  },
  90_000,
);
