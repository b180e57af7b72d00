import { randomUUID } from 'node:crypto';

import { MongoClient, type Collection } from 'mongodb';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import type { ContactRepository } from '../../../src/contacts/repository.ts';
import { identityOf } from '../../../src/pipeline/identity.ts';
import { apiMethods } from '../../../src/methods/index.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';
import type { WorkerOptions } from '../../../src/worker.ts';
import { codesIn, contactIdIn, createRequest, getRequest } from '../../support/documents.ts';
import { freshNames, type FreshNames } from '../../support/fresh-names.ts';
import { POLLING } from '../../support/polling.ts';
import { requeueOnce } from '../../support/redelivery.ts';
import { Requester, type Answer } from '../../support/requester.ts';
import { freePort } from '../../support/servers.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';
import { proxiedDatabaseUrl } from './proxied-database.ts';

const names = freshNames();
const client = new MongoClient(names.mongodbUrl);
const stored: Collection<{ _id: string | number; starts?: unknown }> = client.db().collection('attempts');
const contacts: Collection<{ _id: number; email?: string }> = client.db().collection('contacts');
const workers: TestWorker[] = [];
let requester: Requester;

beforeEach(async () => {
  await start();
  requester = await Requester.open(names.amqpUrl, names.queue);
});

afterEach(async () => {
  await requester.close();
  await stopAll();
});

afterAll(() => client.close());

async function start(settings: Record<string, string> = {}, options: WorkerOptions = {}, where: FreshNames = names) {
  const worker = await startWorker(where, { HTTP_PORT: String(await freePort()), ...settings }, options);
  workers.push(worker);
  return worker;
}

async function stopAll(): Promise<void> {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
}

/** Requests delivered to the worker and not yet settled. */
async function inFlight(worker: TestWorker): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${worker.httpPort()}/metrics`)).text();
  return Number(/^contacts_in_flight (\d+)$/m.exec(page)?.[1]);
}

/** Sends a request that reaches the workers only as a redelivery; returns its answer. */
async function redelivered(xml: string, messageId: string): Promise<{ readonly answer: Promise<Answer> }> {
  let answer: Promise<Answer> | undefined;
  await requeueOnce(names.amqpUrl, names.queue, 1, () => {
    answer = requester.request(xml, { messageId });
  });
  if (answer === undefined) throw new Error('nothing was sent');
  return { answer };
}

/** The API's methods on a repository in which `change` replaces some calls. */
function withCalls(change: (contacts: ContactRepository) => Partial<ContactRepository>): WorkerOptions {
  return { methods: (repository, limits) => apiMethods({ ...repository, ...change(repository) }, limits) };
}

test('with one attempt allowed, a request that another worker requeued is executed', async () => {
  await stopAll();
  await start({ MAX_ATTEMPTS: '1' });
  const { answer } = await redelivered(createRequest(), randomUUID());
  expect(contactIdIn((await answer).xml)).toBeGreaterThan(0);
  await expect.poll(() => stored.countDocuments(), POLLING).toBe(0);
});

test('with one attempt allowed, a request that a stopping worker abandoned is executed', async () => {
  await stopAll();
  let asked = 0;
  const silent = withCalls(() => ({
    get: () => {
      asked += 1;
      return new Promise(() => undefined);
    },
  }));
  await start({ MAX_ATTEMPTS: '1', DRAIN_TIMEOUT_MS: '0' }, silent);
  const { answer } = await redelivered(getRequest(1), randomUUID());
  await expect.poll(() => asked, POLLING).toBe(1);
  expect(await stored.countDocuments()).toBe(1);
  await stopAll();
  expect(await stored.countDocuments()).toBe(0);
  await start({ MAX_ATTEMPTS: '1' });
  expect(codesIn((await answer).xml)).not.toContain('INTERNAL_ERROR');
});

test('a request that failed, then succeeded when sent again, succeeds once more after a lost acknowledgement', async () => {
  const id = contactIdIn((await requester.request(createRequest())).xml);
  const read = [getRequest(id), { messageId: randomUUID() }] as const;
  const whole = await contacts.findOne({ _id: id });
  await contacts.updateOne({ _id: id }, { $unset: { email: '' } });
  expect(codesIn((await requester.request(...read)).xml)).toEqual(['INTERNAL_ERROR']);
  if (whole !== null) await contacts.replaceOne({ _id: id }, whole);
  const succeeded = await requester.request(...read);
  expect(codesIn(succeeded.xml)).toEqual([]);
  // A new worker receives the request again.
  await stopAll();
  const { answer } = await redelivered(read[0], read[1].messageId);
  await start();
  expect((await answer).xml).toBe(succeeded.xml);
});

test('while the ledger is unavailable consumption pauses; then all requests are answered', async () => {
  await stopAll();
  const database = await TcpProxy.before(names.mongodbUrl);
  const mongodbUrl = proxiedDatabaseUrl(database, names.mongodbUrl);
  const worker = await start({}, {}, { ...names, mongodbUrl });
  database.refuse();
  const { answer } = await redelivered(createRequest(), randomUUID());
  await expect.poll(() => worker.logText(), POLLING).toContain('consumption paused');
  database.accept();
  expect(contactIdIn((await answer).xml)).toBeGreaterThan(0);
  await expect.poll(() => worker.logText(), POLLING).toContain('consumption resumed');
  await stopAll();
  await database.close();
});

test('a ledger that refuses to record blocks no request, and is logged', async () => {
  const [worker] = workers;
  const [body, messageId] = [createRequest(), randomUUID()];
  const properties = { appId: undefined, messageId, correlationId: undefined, replyTo: undefined, headers: {} };
  const { attemptId } = identityOf({ body: Buffer.from(body), redelivered: true, properties });
  await stored.insertOne({ _id: attemptId, starts: 'somebody else wrote this' });
  const { answer } = await redelivered(body, messageId);
  expect(contactIdIn((await answer).xml)).toBeGreaterThan(0);
  expect(await worker?.logText()).toContain('the attempt ledger rejects a call');
  await stored.deleteMany({});
});

test('a request that waits in a disconnected worker is not executed there once another worker has it', async () => {
  await stopAll();
  const broker = await TcpProxy.before(names.amqpUrl);
  const pendingCreates: ((error: unknown) => void)[] = [];
  // Two batches occupy both slots of the batcher, and a third one waits.
  const held = withCalls(() => ({ create: () => new Promise((_, reject) => pendingCreates.push(reject)) }));
  const cutOff = await start({}, held, { ...names, amqpUrl: broker.url(names.amqpUrl) });
  const last_name = 'Overtaken';
  const answers: Promise<Answer>[] = [];
  for (const waiting of [1, 2, 2]) {
    answers.push(requester.request(createRequest({ client_id: 1, first_name: 'F', last_name, email: 'a@b.org' })));
    await expect.poll(() => pendingCreates, POLLING).toHaveLength(waiting);
  }
  await expect.poll(() => inFlight(cutOff), POLLING).toBe(3);
  broker.refuse();
  await start();
  const ids = (await Promise.all(answers)).map(({ xml }) => contactIdIn(xml));
  for (const reject of pendingCreates) reject(new UnavailableError('nobody knows'));
  const lost = async (): Promise<number> => (await cutOff.logText()).split('"CHANNEL_GONE"').length - 1;
  await expect.poll(lost, POLLING).toBe(3);
  expect(pendingCreates).toHaveLength(2);
  expect(new Set(ids).size).toBe(3);
  await stopAll();
  await broker.close();
});

test('a redelivery does not overtake its first delivery, and only one of the two is executed', async () => {
  await stopAll();
  const broker = await TcpProxy.before(names.amqpUrl);
  let [gets, creates] = [0, 0];
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const held = withCalls((all) => ({
    get: async (ids) => {
      gets += 1;
      await released;
      return all.get(ids);
    },
    create: (batch) => {
      creates += 1;
      return all.create(batch);
    },
  }));
  const worker = await start({}, held, { ...names, amqpUrl: broker.url(names.amqpUrl) });
  await redelivered(getRequest(1), randomUUID());
  await expect.poll(() => gets, POLLING).toBe(1);
  // The request has no message_id, and waits behind one that is executed serially.
  const answer = requester.request(createRequest());
  await expect.poll(() => inFlight(worker), POLLING).toBe(2);
  broker.cut();
  await expect.poll(() => inFlight(worker), POLLING).toBe(4);
  release();
  expect(contactIdIn((await answer).xml)).toBeGreaterThan(0);
  await stopAll();
  expect(creates).toBe(1);
  await broker.close();
});
