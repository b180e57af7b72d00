import { afterEach, beforeEach, expect, test } from 'vitest';

import { codesIn, contactIdIn, createRequest, getRequest, listRequest, jane } from '../../support/documents.ts';
import { ackOfUnknownDelivery } from '../../support/amqp-frames.ts';
import { freshNames, type FreshNames } from '../../support/fresh-names.ts';
import { Requester } from '../../support/requester.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { startWorker, testWorker, type TestWorker } from '../../support/worker.ts';
import { proxiedDatabaseUrl } from './proxied-database.ts';

const names = freshNames();
let broker: TcpProxy;
let database: TcpProxy;
let behindProxies: FreshNames;
let worker: TestWorker;
let requester: Requester;

beforeEach(async () => {
  broker = await TcpProxy.before(names.amqpUrl);
  database = await TcpProxy.before(names.mongodbUrl);
  const mongodbUrl = proxiedDatabaseUrl(database, names.mongodbUrl);
  behindProxies = { ...names, amqpUrl: broker.url(names.amqpUrl), mongodbUrl };
});

afterEach(async () => {
  database.accept();
  database.restore();
  await requester.close();
  await worker.stop();
  await broker.close();
  await database.close();
});

async function start(): Promise<void> {
  worker = await startWorker(behindProxies);
  requester = await Requester.open(names.amqpUrl, names.queue);
}

async function isReady(): Promise<boolean> {
  return (await worker.readiness()).ready;
}

/**
 * Sends creates without a pause, injects a fault after a third of them, and expects one answer and
 * one contact for each.
 */
async function expectNothingLostWhile(injectFault: () => Promise<void> | void, client: number): Promise<void> {
  const requests = Array.from({ length: 300 }, (_, i) => {
    if (i === 100) void injectFault();
    const document = createRequest({ ...jane, client_id: client, last_name: `N${i}` });
    return requester.request(document, { messageId: `${client}-${i}` });
  });
  const ids = (await Promise.all(requests)).map(({ xml }) => contactIdIn(xml));
  expect(new Set(ids).size).toBe(300);
  const { xml } = await requester.request(listRequest({ client_id: client, per_page: 1000 }));
  expect(xml.match(/<contact>/g)).toHaveLength(300);
}

test('lost connections to the broker under load lose and duplicate no request', async () => {
  await start();
  await expectNothingLostWhile(() => broker.cut(), 1);
  await expect.poll(() => isReady()).toBe(true);
});

test('channels closed by the broker under load lose and duplicate no request', async () => {
  await start();
  broker.inject(ackOfUnknownDelivery(1));
  await expectNothingLostWhile(() => undefined, 2);
});

test('a lost connection to the database under load loses and duplicates no request', async () => {
  await start();
  await expectNothingLostWhile(() => database.cut(), 3);
});

test('while the database is unavailable requests wait, none fails, and the worker is not ready; then they are answered', async () => {
  await start();
  database.refuse();
  await expect.poll(() => isReady()).toBe(false);
  const answer = requester.request(createRequest());
  // Requests that need no database are answered meanwhile.
  expect(codesIn((await requester.request('<broken')).xml)).toEqual(['MALFORMED_XML']);
  database.accept();
  expect(contactIdIn((await answer).xml)).toBeGreaterThan(0);
  await expect.poll(() => isReady()).toBe(true);
});

test('a database that stops responding does not block the worker for ever', { timeout: 120_000 }, async () => {
  await start();
  const id = contactIdIn((await requester.request(createRequest())).xml);
  database.silenceForGood();
  const answer = requester.request(getRequest(id));
  const unavailable = async (): Promise<boolean> => (await worker.logText()).includes('"reason":"unavailable"');
  await expect.poll(unavailable, { timeout: 60_000 }).toBe(true);
  database.restore();
  expect((await answer).xml).toContain('Jane');
});

test('the worker waits for a broker and a database that start later', async () => {
  broker.refuse();
  database.refuse();
  worker = testWorker(behindProxies);
  const started = worker.start();
  await expect.poll(() => worker.logText()).toContain('the database is unavailable, retrying');
  expect(await isReady()).toBe(false);
  database.accept();
  await expect.poll(() => worker.logText()).toContain('link to the broker lost');
  broker.accept();
  await started;
  requester = await Requester.open(names.amqpUrl, names.queue);
  expect(contactIdIn((await requester.request(createRequest())).xml)).toBeGreaterThan(0);
});
