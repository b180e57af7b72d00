import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { contactIdIn, createRequest, jane, listRequest } from '../../support/documents.ts';
import { FakeBroker } from '../../support/fake-broker.ts';
import { freshNames, type FreshNames } from '../../support/fresh-names.ts';
import { Requester, type Answer } from '../../support/requester.ts';
import { freePort } from '../../support/servers.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';
import { proxiedDatabaseUrl } from './proxied-database.ts';
import { workerProcesses } from './worker-processes.ts';

const names = freshNames();
let model: ChannelModel;
let channel: Channel;
let requester: Requester;
// A worker that is killed could leave a request unacknowledged, which would reach the next test.
const startProcess = workerProcesses(10_000);

beforeAll(async () => {
  model = await connect(names.amqpUrl);
  channel = await model.createChannel();
  requester = await Requester.open(names.amqpUrl, names.queue);
});

afterAll(async () => {
  await requester.close();
  await model.close();
});

async function running(settings: Record<string, string> = {}, where: FreshNames = names): Promise<WorkerProcess> {
  const worker = startProcess(where, settings);
  await expect.poll(() => worker.output()).toContain('consuming requests');
  return worker;
}

function lastLine(worker: WorkerProcess): Record<string, unknown> {
  return JSON.parse(worker.output().trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
}

test('SIGTERM under load: requests in flight are finished, none is lost or duplicated, exit 0', async () => {
  const first = await running();
  const answers = Array.from({ length: 400 }, (_, i) =>
    requester.request(createRequest({ ...jane, client_id: 400, last_name: `N${i}` })),
  );
  await answers[20];
  first.signal('SIGTERM');
  expect(await first.exited).toBe(0);
  const { delivered, acknowledged, handed_back, lost } = lastLine(first);
  expect([handed_back, lost]).toEqual([0, 0]);
  expect(acknowledged).toBe(delivered);
  expect(Number(delivered)).toBeGreaterThan(20);
  await running();
  const ids = (await Promise.all(answers)).map(({ xml }) => contactIdIn(xml));
  expect(new Set(ids).size).toBe(400);
  const listed = await requester.request(listRequest({ client_id: 400, per_page: 1000 }));
  expect(listed.xml.match(/<contact>/g)).toHaveLength(400);
});

/** Starts a worker with a request in flight to a database that never responds. */
async function stuckWorker(drainTimeoutMs: number): Promise<{ worker: WorkerProcess; answer: Promise<Answer> }> {
  const database = await TcpProxy.before(names.mongodbUrl);
  onTestFinished(() => database.close());
  const mongodbUrl = proxiedDatabaseUrl(database, names.mongodbUrl);
  const port = await freePort();
  const settings = { DRAIN_TIMEOUT_MS: String(drainTimeoutMs), HTTP_PORT: String(port) };
  const worker = await running(settings, { ...names, mongodbUrl });
  database.silenceForGood();
  const answer = requester.request(createRequest());
  await expect
    .poll(async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text())
    .toMatch(/^contacts_in_flight 1$/m);
  return { worker, answer };
}

test('past the drain time the rest is requeued, and the exit code is 1', async () => {
  const { worker, answer } = await stuckWorker(1_000);
  worker.signal('SIGTERM');
  expect(await worker.exited).toBe(1);
  const { reason, delivered, acknowledged, handed_back } = lastLine(worker);
  expect([reason, handed_back]).toEqual(['drain timeout', 1]);
  expect([delivered, acknowledged]).toEqual([1, 0]);
  await expect.poll(async () => (await channel.checkQueue(names.queue)).messageCount).toBe(1);
  await running();
  expect(contactIdIn((await answer).xml)).toBeGreaterThan(0);
});

test('a second signal ends the process at once', async () => {
  const { worker, answer } = await stuckWorker(60_000);
  worker.signal('SIGINT');
  await expect.poll(() => worker.output()).toContain('stopping');
  worker.signal('SIGINT');
  expect(await worker.exited).toBe(1);
  await running();
  expect(contactIdIn((await answer).xml)).toBeGreaterThan(0);
});

test('a second signal right after the first ends the process at once', async () => {
  const { worker, answer } = await stuckWorker(60_000);
  worker.signal('SIGTERM');
  worker.signal('SIGINT');
  expect(await worker.exited).toBe(1);
  await running();
  expect(contactIdIn((await answer).xml)).toBeGreaterThan(0);
});

test('a signal during the wait for broker and database ends the process, exit 0', async () => {
  const port = await freePort();
  const worker = startProcess(names, { MONGODB_URL: `mongodb://127.0.0.1:${port}/x` });
  await expect.poll(() => worker.output()).toContain('the database is unavailable, retrying');
  worker.signal('SIGTERM');
  expect(await worker.exited).toBe(0);
  expect(worker.output()).not.toContain('consuming requests');
});

test('invalid settings prevent the start with one message that lists every problem, exit 78', async () => {
  const worker = startProcess(names, { PREFETCH: 'many', HTTP_PORT: '70000', REPLY_TO_ALLOW: '(' });
  expect(await worker.exited).toBe(78);
  for (const name of ['PREFETCH', 'HTTP_PORT', 'REPLY_TO_ALLOW']) expect(worker.errors()).toContain(name);
});

test('requests that wait unconsumed end the process with exit code 75', async () => {
  const broker = await FakeBroker.start({ messageCount: () => 1 });
  const worker = await running({ WORKER_EXIT_WHEN_STUCK_MS: '1000' }, { ...names, amqpUrl: broker.url });
  expect(await worker.exited).toBe(75);
  expect(worker.output()).toContain('requests wait and none is delivered');
  expect(worker.output()).toContain('"name":"ConsumerStuckError","message":"requests wait and none is delivered');
  await broker.stop();
});

test('a queue with other arguments prevents the start, exit 78, and the differing argument is named', async () => {
  const queue = `${names.queue}.classic`;
  await channel.assertQueue(queue, { durable: true });
  const worker = startProcess({ ...names, queue });
  expect(await worker.exited).toBe(78);
  expect(worker.output()).toContain('x-queue-type');
  await channel.deleteQueue(queue);
  await channel.deleteQueue(`${queue}.dead`);
});

test('health and metrics are served over HTTP', async () => {
  const port = await freePort();
  await running({ HTTP_PORT: String(port) });
  const page = async (path: string): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, await response.text()];
  };
  expect((await page('/livez'))[0]).toBe(200);
  const [status, text] = await page('/readyz');
  expect([status, JSON.parse(text)]).toMatchObject([
    200,
    { checks: { consuming: true, publishing: true, database: true } },
  ]);
  await requester.request(createRequest());
  // The answer is counted at its confirm, which may come after the answer arrives.
  await expect
    .poll(async () => (await page('/metrics'))[1])
    .toMatch(/contacts_requests_total\{[^}]*method="contact.create"[^}]*code="OK"[^}]*\} [1-9]/);
});
