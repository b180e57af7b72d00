import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connect } from 'amqplib';

import { manifestFile, only } from '../../support/kubernetes.ts';
import { startRightsBroker, type RightsBroker } from '../../support/rights-broker.ts';

const [TRIGGER] = only(manifestFile('components/scaling/scaled-object.yaml'), 'ScaledObject').spec.triggers;
const QUEUE = TRIGGER?.metadata['queueName'] ?? '';

let broker: RightsBroker;

beforeAll(async () => {
  broker = await startRightsBroker();
});

afterAll(() => broker.remove());

const basic = (user: string, password: string) => ({ authorization: `Basic ${btoa(`${user}:${password}`)}` });

/** Creates a user with no right but the tag's on the virtual host. */
async function createUser(name: string, tags: string): Promise<void> {
  const headers = { ...basic('guest', 'guest'), 'content-type': 'application/json' };
  const body = JSON.stringify({ password: 'secret', tags });
  const { status } = await fetch(`${broker.managementUrl}/api/users/${name}`, { method: 'PUT', headers, body });
  expect(status).toBe(201);
  await broker.allow(name, { configure: '^$', write: '^$', read: '^$' });
}

/** What the scaler asks for: protocol http, the default virtual host. */
const counts = (user: string): Promise<Response> =>
  fetch(`${broker.managementUrl}/api/queues/%2F/${encodeURIComponent(QUEUE)}`, { headers: basic(user, 'secret') });

test('a user with the tag management, and no right on a queue, reads how many requests wait; one without the tag does not', async () => {
  expect(TRIGGER?.metadata).toMatchObject({ protocol: 'http', mode: 'QueueLength', excludeUnacknowledged: 'true' });
  await createUser('contacts-scaler', 'management');
  await createUser('nobody', '');
  const model = await connect(broker.url('admin'));
  onTestFinished(() => model.close());
  const channel = await model.createConfirmChannel();
  await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  for (let nth = 0; nth < 5; nth += 1) channel.sendToQueue(QUEUE, Buffer.from('x'));
  await channel.waitForConfirms();
  await channel.prefetch(2);
  await channel.consume(QUEUE, () => undefined, { noAck: false });
  // What a worker holds does not count: three of five wait.
  const waiting = async (): Promise<unknown> =>
    ((await (await counts('contacts-scaler')).json()) as Record<string, unknown>)['messages_ready'];
  await expect.poll(waiting, { timeout: 30_000 }).toBe(3);
  expect((await counts('nobody')).status).toBe(401);
});

test('of several request queues it reads the sum, with the pattern of the page', async () => {
  const page = readFileSync(new URL('../../../docs/kubernetes.md', import.meta.url), 'utf8');
  const pattern = /queueName: '([^']+)'/.exec(page)?.[1] ?? '';
  await createUser('contacts-scaler-of-several', 'management');
  const model = await connect(broker.url('admin'));
  onTestFinished(() => model.close());
  const channel = await model.createConfirmChannel();
  const names = [0, 1, 10].map((nth) => `${QUEUE}.${nth}`);
  for (const name of [...names, `${QUEUE}.dead`, `${QUEUE}.workers`]) await channel.assertQueue(name);
  for (const name of [...names, `${QUEUE}.dead`]) channel.sendToQueue(name, Buffer.from('x'));
  await channel.waitForConfirms();
  // As KEDA asks with useRegex.
  const query = new URLSearchParams({ page: '1', use_regex: 'true', pagination: 'false', name: pattern });
  const url = `${broker.managementUrl}/api/queues/%2F?${query.toString()}&page_size=100`;
  const waiting = async (): Promise<unknown> => {
    const answer = await fetch(url, { headers: basic('contacts-scaler-of-several', 'secret') });
    const { items } = (await answer.json()) as { items: readonly { name: string; messages_ready?: number }[] };
    return items.map(({ name, messages_ready: ready }) => `${name} ${ready}`).toSorted();
  };
  await expect.poll(waiting, { timeout: 30_000 }).toEqual(names.map((name) => `${name} 1`).toSorted());
});
