import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { contactIdIn, createRequest, jane, listRequest } from '../../support/documents.ts';
import { FakeBroker } from '../../support/fake-broker.ts';
import { freshNames, type FreshNames } from '../../support/fresh-names.ts';
import { Requester, type Answer } from '../../support/requester.ts';
import { freePort } from '../../support/servers.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { startProcess, type WorkerProcess } from '../../support/worker-process.ts';

const names = freshNames();
let model: ChannelModel;
let channel: Channel;
let requester: Requester;
const processes: WorkerProcess[] = [];
let database: TcpProxy | undefined;

beforeAll(async () => {
  model = await connect(names.amqpUrl);
  channel = await model.createChannel();
  requester = await Requester.open(names.amqpUrl, names.queue);
});

afterEach(async () => {
  for (const { child, exited } of processes.splice(0)) {
    // Killed at once, it might leave a request unacknowledged, which a later test's worker would get beside its own.
    child.kill('SIGTERM');
    const limit = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(limit);
  }
  await database?.close();
  database = undefined;
});

afterAll(async () => {
  await requester.close();
  await model.close();
});

async function running(settings: Record<string, string> = {}, where: FreshNames = names): Promise<WorkerProcess> {
  const worker = startProcess(where, settings);
  processes.push(worker);
  await expect.poll(() => worker.output()).toContain('consuming requests');
  return worker;
}

function lastLine(worker: WorkerProcess): Record<string, unknown> {
  return JSON.parse(worker.output().trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
}

test('SIGTERM under load: what was taken is finished, nothing is lost or doubled, exit 0', async () => {
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

/** A worker with a request under way that its silent database never answers. */
async function stuck(drainTimeoutMs: number): Promise<{ worker: WorkerProcess; answer: Promise<Answer> }> {
  database = await TcpProxy.before(names.mongodbUrl);
  const options = names.mongodbUrl.includes('?') ? '&' : '?';
  const mongodbUrl = `${database.url(names.mongodbUrl)}${options}directConnection=true`;
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

test('past the drain time the rest goes back to the queue, and the exit code is 1', async () => {
  const { worker, answer } = await stuck(1_000);
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
  const { worker, answer } = await stuck(60_000);
  worker.signal('SIGINT');
  await expect.poll(() => worker.output()).toContain('stopping');
  worker.signal('SIGINT');
  expect(await worker.exited).toBe(1);
  await running();
  expect(contactIdIn((await answer).xml)).toBeGreaterThan(0);
});

test('a second signal right behind the first ends the process at once, too', async () => {
  const { worker, answer } = await stuck(60_000);
  worker.signal('SIGTERM');
  worker.signal('SIGINT');
  expect(await worker.exited).toBe(1);
  await running();
  expect(contactIdIn((await answer).xml)).toBeGreaterThan(0);
});

test('a signal while broker and database are awaited ends the process, exit 0', async () => {
  const port = await freePort();
  const worker = startProcess(names, { MONGODB_URL: `mongodb://127.0.0.1:${port}/x` });
  processes.push(worker);
  await expect.poll(() => worker.output()).toContain('the database is unavailable, retrying');
  worker.signal('SIGTERM');
  expect(await worker.exited).toBe(0);
  expect(worker.output()).not.toContain('consuming requests');
});

test('bad settings stop the start with one message that lists every problem, exit 78', async () => {
  const worker = startProcess(names, { PREFETCH: 'many', HTTP_PORT: '70000', REPLY_TO_ALLOW: '(' });
  processes.push(worker);
  expect(await worker.exited).toBe(78);
  for (const name of ['PREFETCH', 'HTTP_PORT', 'REPLY_TO_ALLOW']) expect(worker.errors()).toContain(name);
});

test('requests that wait with nothing taken end the process with exit code 75', async () => {
  const broker = await FakeBroker.start({ messageCount: () => 1 });
  const worker = await running({ WORKER_EXIT_WHEN_STUCK_MS: '1000' }, { ...names, amqpUrl: broker.url });
  expect(await worker.exited).toBe(75);
  expect(worker.output()).toContain('requests wait and none is delivered');
  expect(worker.output()).toContain('"name":"ConsumerStuckError","message":"requests wait and none is delivered');
  await broker.stop();
});

test('a queue with other arguments stops the start with exit 78 and says which argument differs', async () => {
  const queue = `${names.queue}.classic`;
  await channel.assertQueue(queue, { durable: true });
  const worker = startProcess({ ...names, queue });
  processes.push(worker);
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
  // The answer is counted when its confirm is there, which may be after it has arrived.
  await expect
    .poll(async () => (await page('/metrics'))[1])
    .toMatch(/contacts_requests_total\{[^}]*method="contact.create"[^}]*code="OK"[^}]*\} [1-9]/);
});
