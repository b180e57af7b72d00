import { MongoClient, ObjectId, type Collection, type Document } from 'mongodb';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';

import { deleteQueues } from '../../../infrastructure/servers.ts';
import { MAX_SUSPECTS } from '../../../src/dispatch/circuit-breaker.ts';
import { codesIn, contactIdIn, createRequest, getRequest, jane, listRequest } from '../../support/documents.ts';
import { POLLING } from '../../support/polling.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { Requester } from '../../support/requester.ts';
import { startWorker } from '../../support/worker.ts';
import { startProcess, type WorkerProcess } from '../../support/worker-process.ts';
import { CommandProxy } from '../mongo/command-proxy.ts';
import { deadLetterCount } from './dead-letter-queue.ts';

const running = runningWorker();
const { names } = running;
const client = new MongoClient(names.mongodbUrl, { serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 30_000 });
const contacts: Collection = client.db().collection('contacts');
const counters = client.db().collection<{ _id: string; next: unknown }>('counters');

beforeAll(() => running.requester.request(createRequest()));
afterAll(() => client.close());

const validate = (validator: Document): Promise<unknown> => client.db().command({ collMod: 'contacts', validator });
const isReady = async (): Promise<boolean> => (await running.worker.readiness()).ready;
const heldFor = async (): Promise<string> => {
  const lines = await running.worker.logLines();
  return String(lines.findLast((line) => line['msg'] === 'consumption paused')?.['reason']);
};

/** Starts a second worker, which ends with its test. */
function workerProcess(): WorkerProcess {
  const worker = startProcess(names);
  onTestFinished(() => void worker.child.kill('SIGKILL'));
  return worker;
}

const letters = (): Promise<number> => deadLetterCount(running.requester.channel, names.queue);

afterEach(() => running.requester.channel.purgeQueue(`${names.queue}.dead`));

/**
 * Expects all creates answered, each with its own contact. A few may have failed for good before
 * the circuit breaker opened.
 */
async function expectCreated(answers: readonly Promise<{ readonly xml: string }>[]): Promise<void> {
  const all = (await Promise.all(answers)).map(({ xml }) => xml);
  const created = all.filter((xml) => codesIn(xml).length === 0).map(contactIdIn);
  expect(created.length).toBeGreaterThan(answers.length - MAX_SUSPECTS);
  expect(new Set(created).size).toBe(created.length);
  await expect.poll(letters, POLLING).toBe(answers.length - created.length);
}

test('a foreign document fails the get that asks for it, once, and no other', async () => {
  const id = contactIdIn((await running.requester.request(createRequest())).xml);
  await contacts.insertOne({ _id: 900_001, first_name: 'Nobody', client_id: 41 } as Document);
  const ids = [id, 900_001, id, id];
  const answers = await Promise.all(ids.map((one) => running.requester.request(getRequest(one))));
  expect(answers.map(({ xml }) => codesIn(xml))).toEqual([[], ['INTERNAL_ERROR'], [], []]);
  await contacts.insertMany([
    { ...jane, _id: 900_002, client_id: 41, first_name: 'a\u0000b' },
    { ...jane, _id: 900_003, client_id: 41, first_name: 'Sound' },
  ] as Document[]);
  const listed = await running.requester.request(listRequest({ client_id: 41 }));
  expect([codesIn(listed.xml), contactIdIn(listed.xml)]).toEqual([[], 900_003]);
  const lines = await running.worker.logLines();
  expect(lines.find((line) => line['code'] === 'INTERNAL_ERROR')).toMatchObject({ attempts: 1 });
  expect(lines.filter((line) => line['msg'] === 'execution is retried')).toEqual([]);
  expect(JSON.stringify(lines)).toContain('the document of contact 900001 is no contact');
  expect(JSON.stringify(lines)).toContain('contact 900002 has a text with characters that XML forbids');
  await expect.poll(letters, POLLING).toBe(1);
  await contacts.deleteMany({ client_id: 41 });
});

test('creates that all fail alike are held instead of dead-lettered, and answered afterwards', async () => {
  await validate({ vat_number: { $exists: true } });
  const creates = Array.from({ length: 60 }, (_, i) => createRequest({ ...jane, client_id: 60, last_name: `N${i}` }));
  const answers = creates.map((document) => running.requester.request(document));
  await expect.poll(isReady, POLLING).toBe(false);
  expect(await heldFor()).toBe('every write of a method fails alike');
  await validate({});
  await expectCreated(answers);
  await expect.poll(isReady, POLLING).toBe(true);
});

test('writes refused for their content are dead-lettered, and the others of their batch succeed', async () => {
  await validate({ client_id: { $lt: 1_000 } });
  const creates = Array.from({ length: 60 }, (_, i) =>
    createRequest({ ...jane, client_id: i % 3 === 0 ? 61 : 2_000 + i }),
  );
  const answers = await Promise.all(creates.map((document) => running.requester.request(document)));
  const codes = answers.map(({ xml }) => codesIn(xml).join());
  expect(codes).toEqual(creates.map((_, i) => (i % 3 === 0 ? '' : 'INTERNAL_ERROR')));
  await validate({});
  await expect.poll(letters, POLLING).toBe(40);
});

test('a broken counter holds creates and logs the remedy; reads continue, and creates resume once it is fixed', async () => {
  const id = contactIdIn((await running.requester.request(createRequest())).xml);
  await counters.updateOne({ _id: 'contact' }, { $set: { next: 'x' } });
  const answers = Array.from({ length: 30 }, () => running.requester.request(createRequest()));
  expect((await running.requester.request(getRequest(id))).xml).toContain('Jane');
  await expect.poll(isReady, POLLING).toBe(false);
  expect(await running.worker.logText()).toContain('the counter of contact_ids is broken');
  const second = workerProcess();
  expect(await second.exited).toBe(78);
  expect(second.output()).toContain('the counter of contact_ids is broken');
  await counters.updateOne({ _id: 'contact' }, { $set: { next: id + 1 } });
  await expectCreated(answers);
});

test('a list that exceeds its time limit fails alone and without retries; the others of its batch are answered', async () => {
  const proxy = await CommandProxy.before(names.mongodbUrl);
  const fresh = { ...names, queue: `${names.queue}.lists`, mongodbUrl: proxy.url(names.mongodbUrl) };
  const isSlow = (command: Document): boolean => JSON.stringify(command['pipeline']).includes('4242');
  proxy.refuse('aggregate', 50, isSlow);
  const worker = await startWorker(fresh);
  const requester = await Requester.open(names.amqpUrl, fresh.queue);
  onTestFinished(async () => {
    await requester.close();
    await worker.stop();
    await proxy.close();
    await deleteQueues(names.amqpUrl, [fresh.queue, `${fresh.queue}.dead`]);
  });
  const clients = [1, 2, 4242, 3, 4, 5, 6, 7, 8];
  const answers = await Promise.all(
    clients.map((client_id) => requester.request(listRequest({ client_id, per_page: 25 }))),
  );
  expect(answers.map(({ xml }) => codesIn(xml).join())).toEqual(
    clients.map((one) => (one === 4242 ? 'INTERNAL_ERROR' : '')),
  );
  const line = (await worker.logLines()).find(({ code }) => code === 'INTERNAL_ERROR');
  expect(line).toMatchObject({
    attempts: 1,
    error: { message: 'a list took longer than the 6000 ms that one may take' },
  });
  expect(proxy.commands.filter((command) => 'aggregate' in command && isSlow(command)).length).toBeLessThanOrEqual(2);
});

test('an ObjectId among the contacts fails no create, and is logged at the start', async () => {
  await contacts.insertOne({ _id: new ObjectId(), ...jane });
  const worker = workerProcess();
  await expect.poll(() => worker.output(), POLLING).toContain('consuming requests');
  expect(worker.output()).toContain('the collection contacts holds documents whose _id is no contact_id');
  expect(contactIdIn((await running.requester.request(createRequest())).xml)).toBeGreaterThan(0);
  worker.signal('SIGTERM');
  expect(await worker.exited).toBe(0);
});

test('a conflicting index prevents the start with 78 and is named', async () => {
  await contacts.dropIndex('of_client');
  await contacts.createIndexes([{ name: 'of_client', key: { client_id: 1 } }]);
  const worker = workerProcess();
  expect(await worker.exited).toBe(78);
  expect(worker.output()).toContain('has an index \\"of_client\\" that is in the way');
});
