import { connect, type Channel } from 'amqplib';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { ContactsClient } from '../../../src/client/index.ts';
import { getRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { startRightsBroker, type Permissions, type RightsBroker } from '../../support/rights-broker.ts';
import { testWorker, type TestWorker } from '../../support/worker.ts';
import { contacts } from '../cli/contacts-process.ts';

const PAGE = new URL('../../../docs/queues.md', import.meta.url);
const [WORKER, PRODUCER, OPERATOR] = ['contacts-worker', 'contacts-producer', 'contacts-operator'] as const;
const QUEUE = 'contacts.requests';
const names = freshNames();
let broker: RightsBroker;

/** The rights that the page shows for a user. */
function documented(user: string): Permissions {
  const row = readFileSync(PAGE, 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`| \`${user}\``));
  const cells = [...(row ?? '').replaceAll(String.raw`\|`, '\u0000').matchAll(/`([^`]*)`/g)];
  const [, configure = '', write = '', read = ''] = cells.map(([, text = '']) => text.replaceAll('\u0000', '|'));
  return { configure, write, read };
}

beforeAll(async () => {
  broker = await startRightsBroker();
  for (const user of [WORKER, PRODUCER, OPERATOR]) await broker.allow(user, documented(user));
});

afterAll(() => broker.remove());

function workerOn(count: number): TestWorker {
  const url = broker.url(WORKER);
  const worker = testWorker(names, { AMQP_URL: url, REQUEST_QUEUE: QUEUE, REQUEST_QUEUES: String(count) });
  onTestFinished(async () => void (await worker.stop()));
  return worker;
}

async function refusalOf(user: string, act: (channel: Channel) => Promise<unknown>): Promise<string | undefined> {
  const model = await connect(broker.url(user));
  const closed = new Promise<string>((resolve) => model.on('error', (error: Error) => resolve(error.message)));
  try {
    const channel = await model.createConfirmChannel();
    const lost = new Promise<string>((resolve) => channel.on('error', (error: Error) => resolve(error.message)));
    const acted = act(channel).then(() => channel.waitForConfirms());
    return await Promise.race([closed, lost, acted.then(() => undefined)]).catch(() => Promise.race([closed, lost]));
  } finally {
    await model.close().catch(() => undefined);
  }
}

test('a broker without the exchange type: the worker does not start, and says what to do', async () => {
  const unregister = 'rabbit_registry:unregister(exchange, <<"x-modulus-hash">>).';
  const register = 'rabbit_registry:register(exchange, <<"x-modulus-hash">>, rabbit_exchange_type_modulus_hash).';
  await broker.exec('rabbitmqctl', 'eval', unregister);
  onTestFinished(async () => void (await broker.exec('rabbitmqctl', 'eval', register)));
  await expect(workerOn(2).start()).rejects.toThrow(
    'the broker has no exchange type x-modulus-hash, which REQUEST_QUEUES above 1 needs',
  );
});

test('an exchange of another type: the worker does not start, and names it', async () => {
  const model = await connect(broker.url('guest'));
  onTestFinished(() => model.close().catch(() => undefined));
  const channel = await model.createChannel();
  await channel.assertExchange(QUEUE, 'topic');
  onTestFinished(async () => void (await channel.deleteExchange(QUEUE)));
  await expect(workerOn(2).start()).rejects.toThrow(`the exchange ${QUEUE} or ${QUEUE}.hash exists with another type`);
});

test('the documented rights suffice for worker, producer and operator', async () => {
  await workerOn(2).start();
  const producer = await ContactsClient.connect({ url: broker.url(PRODUCER), queue: QUEUE, queues: 2 });
  onTestFinished(() => producer.close());
  const jane = { clientId: 1, firstName: 'Jane', lastName: 'Doe', email: 'jane@example.org' };
  const { contactId } = await producer.create(jane);
  await producer.delete(contactId);

  const model = await connect(broker.url(PRODUCER));
  onTestFinished(() => model.close().catch(() => undefined));
  const channel = await model.createConfirmChannel();
  channel.publish(QUEUE, '1', Buffer.from(getRequest(1)), { replyTo: `${QUEUE}.0`, messageId: 'dead' });
  await channel.waitForConfirms();
  const run = (...args: string[]): ReturnType<typeof contacts> =>
    contacts({ ...names, amqpUrl: broker.url(OPERATOR), queue: QUEUE }, ['dead-letters', '--queues', '2', ...args]);
  await expect.poll(async () => (await run('list')).out).toContain('REPLY_TO_OWN_QUEUE');
  expect((await run('send-back', '--all', '--yes', '--force')).out).toContain('1 letter sent back');

  const operator = { ...names, amqpUrl: broker.url(OPERATOR), queue: QUEUE };
  const watched = await contacts(operator, ['watch', '--queues', '2', '--count', '1', '-o', 'json']);
  expect(watched.out).toContain('"consumers":1,');
  expect((await contacts(operator, ['doctor', '--queues', '2'])).out).not.toContain('FAIL');
});

/** Each right of the worker, and what the broker says without it. */
const WITHOUT: readonly (readonly [what: string, less: Partial<Permissions>, refused: string])[] = [
  ['configure the exchanges', { configure: String.raw`^contacts\.requests\.([0-9]+|dead|workers)$` }, 'exchange'],
  ['bind', { write: '^amq.default$' }, 'write access to queue'],
  ['read the exchange', { read: String.raw`^contacts\.requests\.([0-9]+|workers)$` }, 'read access to exchange'],
];

test.each(WITHOUT)('a worker that may not %s is not ready, and says which right is missing', async (...each) => {
  const [, less, refused] = each;
  const exact = documented(WORKER);
  await broker.allow(WORKER, { ...exact, ...less });
  onTestFinished(() => broker.allow(WORKER, exact));
  const worker = workerOn(2);
  worker.start().catch(() => undefined);
  const reason = async (): Promise<string | undefined> => (await worker.readiness()).reasons?.['consuming'];
  await expect.poll(reason).toContain(refused);
  await broker.allow(WORKER, exact);
  await expect.poll(async () => (await worker.readiness()).ready).toBe(true);
});

test.each([
  [PRODUCER, 'answer itself', async (channel: Channel) => channel.publish('', 'x', Buffer.from('x'))],
  [
    PRODUCER,
    'pass by the exchange',
    async (channel: Channel) => channel.publish(`${QUEUE}.hash`, '1', Buffer.from('x')),
  ],
  [PRODUCER, 'pause the others', (channel: Channel) => channel.unbindExchange(`${QUEUE}.hash`, QUEUE, '')],
  [WORKER, 'publish requests', async (channel: Channel) => channel.publish(QUEUE, '1', Buffer.from('x'))],
])('%s may not %s', async (user, _, act) => {
  expect(await refusalOf(user, act as (channel: Channel) => Promise<unknown>)).toMatch(/403|ACCESS.REFUSED/);
});
