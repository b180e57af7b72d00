import { connect, type Channel } from 'amqplib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { ContactsClient } from '../../../src/client/index.ts';
import { contacts } from '../cli/contacts-process.ts';
import { startConsole, succeeding } from '../console/console-process.ts';
import { getRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { startRightsBroker, type Permissions, type RightsBroker } from '../../support/rights-broker.ts';
import { testWorker, type TestWorker } from '../../support/worker.ts';

const WORKER = 'contacts-worker';
const PRODUCER = 'contacts-producer';
const OPERATOR = 'contacts-operator';
const QUEUE = 'contacts.requests';
const DEAD = `${QUEUE}.dead`;

const names = freshNames();
let broker: RightsBroker;

beforeAll(async () => {
  broker = await startRightsBroker();
});

afterAll(() => broker.remove());

function start(): TestWorker {
  const worker = testWorker(names, { AMQP_URL: broker.url(WORKER), REQUEST_QUEUE: QUEUE });
  onTestFinished(async () => void (await worker.stop()));
  worker.start().catch(() => undefined);
  return worker;
}

async function started(): Promise<TestWorker> {
  const worker = start();
  await expect.poll(async () => (await worker.readiness()).ready).toBe(true);
  return worker;
}

async function client(user: string, options: object = {}): Promise<ContactsClient> {
  const connected = await ContactsClient.connect({ url: broker.url(user), queue: QUEUE, ...options });
  onTestFinished(() => connected.close());
  return connected;
}

/** Resolves with the broker's refusal of an action; `undefined` where it allows it. */
async function refusalOf(user: string, act: (channel: Channel) => Promise<unknown>): Promise<string | undefined> {
  const model = await connect(broker.url(user));
  model.on('error', () => undefined);
  try {
    const channel = await model.createChannel();
    const closed = new Promise<string>((resolve) => channel.once('error', (error: Error) => resolve(error.message)));
    // A publication that is refused closes the channel; any later call then fails.
    const acted = act(channel).then(() => channel.prefetch(1));
    return await Promise.race([closed, acted.then(() => undefined)]).catch(() => closed);
  } finally {
    await model.close().catch(() => undefined);
  }
}

test('the worker cannot declare its queues without the right to write to the default exchange', async () => {
  const exact = broker.defined(WORKER);
  await broker.allow(WORKER, { ...exact, write: '^$' });
  const worker = start();
  const reason = async (): Promise<string | undefined> => (await worker.readiness()).reasons?.['consuming'];
  // Requests that are dead-lettered go there.
  await expect.poll(reason).toContain("write access to exchange 'amq.default' in vhost");
  await broker.allow(WORKER, exact);
  await expect.poll(async () => (await worker.readiness()).ready).toBe(true);
});

test('the worker runs on its rights: five methods, a dead letter, a second start', async () => {
  const first = await started();
  const producer = await client(PRODUCER);
  const jane = { clientId: 1, firstName: 'Jane', lastName: 'Döe', email: 'jane@example.org' };
  const { contactId } = await producer.create(jane);
  await producer.update(contactId, { phone: '1' });
  expect((await producer.get(contactId)).phone).toBe('1');
  expect((await producer.list({})).contacts).toHaveLength(1);
  await producer.delete(contactId);

  const model = await connect(broker.url(PRODUCER));
  onTestFinished(() => model.close().catch(() => undefined));
  model.on('error', () => undefined);
  const channel = await model.createConfirmChannel();
  channel.sendToQueue(QUEUE, Buffer.from(getRequest(1)), { replyTo: QUEUE, messageId: 'dead' });
  await channel.waitForConfirms();
  await expect.poll(async () => await first.logText()).toContain('REPLY_TO_OWN_QUEUE');
  // The exclusive reply queue of a simple producer.
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const answer = new Promise((resolve) => void channel.consume(queue, resolve, { noAck: true }));
  channel.sendToQueue(QUEUE, Buffer.from(getRequest(1)), { replyTo: queue, correlationId: 'c' });
  await answer;

  // How it finds out whether the broker's cluster has a majority.
  const asks = (asked: Channel): Promise<unknown> => asked.assertQueue(`${QUEUE}.majority.0a`, { exclusive: true });
  expect(await refusalOf(WORKER, asks)).toBeUndefined();
  await first.stop();
  await started();
  await expect(producer.get(contactId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('the operator lists, sends back and discards dead letters', async () => {
  await started();
  const operator = { ...names, amqpUrl: broker.url(OPERATOR), queue: QUEUE };
  const run = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await contacts(operator, args);
    expect([args, code, err]).toEqual([args, 0, expect.not.stringContaining('403')]);
    return out;
  };
  expect(await run('dead-letters', 'list')).toContain('REPLY_TO_OWN_QUEUE');
  await run('dead-letters', 'send-back', '--all', '--yes', '--force');
  // It is dead-lettered again.
  const list = (): ReturnType<typeof contacts> => contacts(operator, ['dead-letters', 'list']);
  await expect.poll(async () => (await list()).out).toContain('REPLY_TO_OWN_QUEUE');
  await run('dead-letters', 'discard', '--all', '--yes');
});

test('the operator looks at queues: doctor, watch and the console', async () => {
  await started();
  const operator = { ...names, amqpUrl: broker.url(OPERATOR), queue: QUEUE };
  const doctor = await contacts(operator, ['doctor']);
  expect(doctor.out).toContain(`queue: ${QUEUE} exists`);
  expect([doctor.code, doctor.out]).toEqual([0, expect.not.stringContaining('FAIL')]);
  const page = await startConsole(operator, ['--metrics', 'http://127.0.0.1:9/metrics']);
  onTestFinished(async () => void (await page.stop()));
  await expect.poll(() => succeeding(page, '/api/overview')).toMatchObject({ requests: { consumers: 1 } });
  const asks = (channel: Channel): Promise<unknown> => channel.get(QUEUE);
  expect(await refusalOf(OPERATOR, asks)).toContain(`read access to queue '${QUEUE}'`);
});

/** Each right of the worker, and what fails without it. */
const WITHOUT: readonly (readonly [what: string, Partial<Permissions>, refused: string])[] = [
  [
    'configure its queue',
    { configure: '^contacts\\.requests\\.(dead|majority\\..+)$' },
    `configure access to queue '${QUEUE}' in vhost`,
  ],
  [
    'configure its dead-letter queue',
    { configure: '^contacts\\.requests(\\.majority\\..+)?$' },
    `configure access to queue '${DEAD}'`,
  ],
  ['read its queue', { read: '^$' }, `read access to queue '${QUEUE}' in vhost`],
];

test.each(WITHOUT)('without the right to %s the worker does not start, and says which is missing', async (...each) => {
  const [, less, refused] = each;
  const exact = broker.defined(WORKER);
  await broker.allow(WORKER, { ...exact, ...less });
  onTestFinished(() => broker.allow(WORKER, exact));
  const worker = start();
  const reason = async (): Promise<string | undefined> => (await worker.readiness()).reasons?.['consuming'];
  await expect.poll(reason).toContain(refused);
  expect((await worker.readiness()).ready).toBe(false);
  await broker.allow(WORKER, exact);
  await expect.poll(async () => (await worker.readiness()).ready).toBe(true);
});

test('without the right to write to the default exchange answers wait, and none is lost', async () => {
  const worker = await started();
  const producer = await client(PRODUCER, { timeoutMs: 50_000 });
  const exact = broker.defined(WORKER);
  await broker.allow(WORKER, { ...exact, write: '^$' });
  onTestFinished(() => broker.allow(WORKER, exact));
  const pending = producer.list({});
  await expect.poll(() => worker.logText()).toContain("write access to exchange 'amq.default' in vhost");
  await broker.allow(WORKER, exact);
  expect((await pending).contacts).toEqual([]);
});

test('the worker may declare the queues by which it asks for a majority, and needs the right for it', async () => {
  const ask = (channel: Channel): Promise<unknown> =>
    channel.assertQueue(`${QUEUE}.majority.0123456789ab`, { exclusive: true, durable: false });
  expect(await refusalOf(WORKER, ask)).toBeUndefined();
  const exact = broker.defined(WORKER);
  await broker.allow(WORKER, { ...exact, configure: '^contacts\\.requests(\\.dead)?$' });
  onTestFinished(() => broker.allow(WORKER, exact));
  expect(await refusalOf(WORKER, ask)).toContain('configure access to queue');
});

const BEYOND: readonly (readonly [who: string, what: string, act: (channel: Channel) => Promise<unknown>])[] = [
  [WORKER, 'declare another queue', (channel) => channel.assertQueue('other')],
  [WORKER, 'declare an exchange', (channel) => channel.assertExchange('other', 'direct')],
  [WORKER, 'delete another queue', (channel) => channel.deleteQueue('contacts.requests.dead.other')],
  [WORKER, 'consume its dead-letter queue', (channel) => channel.consume(DEAD, () => undefined)],
  [WORKER, 'purge its dead-letter queue', (channel) => channel.purgeQueue(DEAD)],
  [WORKER, 'bind its queue', (channel) => channel.bindQueue(QUEUE, 'amq.direct', 'x')],
  [WORKER, 'publish to another exchange', async (channel) => channel.publish('amq.topic', 'x', Buffer.from('x'))],
  [PRODUCER, 'consume requests', (channel) => channel.consume(QUEUE, () => undefined)],
  [PRODUCER, 'get a request', (channel) => channel.get(QUEUE)],
  [PRODUCER, 'read dead letters', (channel) => channel.get(DEAD)],
  [PRODUCER, 'delete the request queue', (channel) => channel.deleteQueue(QUEUE)],
  [PRODUCER, 'purge the request queue', (channel) => channel.purgeQueue(QUEUE)],
  [PRODUCER, 'declare a queue of its own name', (channel) => channel.assertQueue('mine')],
  [OPERATOR, 'consume requests', (channel) => channel.consume(QUEUE, () => undefined)],
  [OPERATOR, 'delete the dead-letter queue', (channel) => channel.deleteQueue(DEAD)],
  [OPERATOR, 'declare a queue', (channel) => channel.assertQueue('')],
];

test.each(BEYOND)('%s may not %s', async (user, _, act) => {
  expect(await refusalOf(user, act)).toMatch(/403 \(ACCESS_REFUSED\)|ACCESS.REFUSED/);
});

test('the worker may not use the management API, nor another virtual host', async () => {
  const headers = { authorization: `Basic ${btoa(`${WORKER}:${WORKER}`)}` };
  expect((await fetch(`${broker.managementUrl}/api/overview`, { headers })).status).toBe(401);
  await expect(connect(`${broker.url(WORKER)}/other`)).rejects.toThrow('ConnectionClose');
});
