import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { poisonRequest } from '../../../chaos/poison.ts';
import { codesIn, contactIdIn, createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { POLLING } from '../../support/polling.ts';
import { Requester } from '../../support/requester.ts';
import { startWorker } from '../../support/worker.ts';
import { startProcess, type WorkerProcess } from '../../support/worker-process.ts';
import { deadLetterCount } from './dead-letter-queue.ts';

/** The worker with a sixth method, which kills its process. */
const MAIN = fileURLToPath(new URL('../../../chaos/worker-main.ts', import.meta.url));

const names = freshNames();
let requester: Requester;
let worker: WorkerProcess | undefined;

beforeEach(async () => {
  // This worker declares the queues.
  await (await startWorker(names)).stop();
  requester = await Requester.open(names.amqpUrl, names.queue);
});

afterEach(async () => {
  worker?.signal('SIGTERM');
  await worker?.exited;
  await requester.close();
});

/** Starts one worker after another until `until` resolves; returns how many were killed. */
async function workersKilled(until: Promise<unknown>): Promise<number> {
  let over = false;
  void until.then(() => (over = true));
  for (let killed = 0; ; killed += 1) {
    worker = startProcess(names, { MAX_ATTEMPTS: '2' }, { main: MAIN });
    const ending = await Promise.race([worker.exited, until]);
    if (over) return killed;
    expect(ending).toBe('SIGKILL');
  }
}

test('a request that kills its process kills one more than the recorded starts allow, and fails no other request', async () => {
  const neighbours = Array.from({ length: 20 }, () => requester.request(createRequest()));
  const deadly = requester.request(poisonRequest('kills', randomUUID()), { messageId: randomUUID() });
  neighbours.push(...Array.from({ length: 20 }, () => requester.request(createRequest())));
  const all = Promise.all([deadly, ...neighbours]);
  expect(await workersKilled(all)).toBe(3);
  const [last, ...others] = await all;
  expect(codesIn(last.xml)).toEqual(['INTERNAL_ERROR']);
  expect(new Set(others.map(({ xml }) => contactIdIn(xml))).size).toBe(40);
  const letters = (): Promise<number> => deadLetterCount(requester.channel, names.queue);
  await expect.poll(letters, POLLING).toBe(1);
  const letter = await requester.channel.get(`${names.queue}.dead`, { noAck: true });
  expect(letter && letter.properties.headers).toMatchObject({ 'diagnosis-attempts': 2 });
  // No attempt stays on record for a message that is settled.
  const client = new MongoClient(names.mongodbUrl);
  await expect.poll(() => client.db().collection('attempts').countDocuments(), POLLING).toBe(0);
  await client.close();
});
