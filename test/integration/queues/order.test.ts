import { randomUUID } from 'node:crypto';
import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { ContactsClient } from '../../../src/client/index.ts';
import { rosterOf } from '../../../src/protocol/request-queues.ts';
import { jane, updateRequest } from '../../support/documents.ts';
import { freshQueues } from '../../support/several-queues.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';
import { workerProcesses } from '../worker/worker-processes.ts';

const COUNT = 4;
const CONTACTS = 12;
const ROUNDS = 12;
const JANE = { clientId: jane.client_id, firstName: jane.first_name, lastName: jane.last_name, email: jane.email };
const names = freshQueues();
const start = workerProcesses(10_000);
let producer: ContactsClient;

beforeAll(async () => {
  producer = await ContactsClient.connect({ url: names.amqpUrl, queue: names.queue, queues: COUNT, timeoutMs: 50_000 });
});

afterAll(() => producer.close());

async function workers(count: number): Promise<readonly WorkerProcess[]> {
  const settings = { REQUEST_QUEUES: String(COUNT), PREFETCH: '64' };
  const all = Array.from({ length: count }, () => start(names, settings));
  await expect.poll(() => all.every((worker) => worker.output().includes('consuming requests'))).toBe(true);
  return all;
}

/** Creates contacts; returns their ids. */
async function created(): Promise<readonly number[]> {
  const contacts = await Promise.all(Array.from({ length: CONTACTS }, () => producer.create(JANE)));
  return contacts.map(({ contactId }) => contactId);
}

/** Sends updates of each contact and reads between them, without waiting; returns what is read. */
function updatesAndReads(ids: readonly number[]): Promise<{ readonly phones: readonly string[] }[]> {
  const rounds = Array.from({ length: ROUNDS }, (_, round) =>
    ids.map(async (id) => {
      const written = producer.update(id, { phone: String(round + 1) });
      const read = producer.get(id);
      await written;
      return (await read).phone;
    }),
  );
  return Promise.all(ids.map(async (_, at) => ({ phones: await Promise.all(rounds.map((round) => round[at]!)) })));
}

const IN_ORDER = { phones: Array.from({ length: ROUNDS }, (_, round) => String(round + 1)) };

test('each read sees the update before it while the active worker stops and another takes its queues', async () => {
  const [first, second] = await workers(2);
  const ids = await created();
  const results = updatesAndReads(ids);
  await producer.get(ids[0]!);
  first!.signal('SIGTERM');
  expect(await results).toEqual(ids.map(() => IN_ORDER));
  expect(await first!.exited).toBe(0);
  // What the first did not finish, the second did.
  second!.signal('SIGTERM');
  expect(await second!.exited).toBe(0);
});

test('the last update wins for every contact when workers are killed in turn', async () => {
  const [first] = await workers(2);
  const ids = await created();
  const results = updatesAndReads(ids);
  await producer.get(ids[0]!);
  first!.signal('SIGKILL');
  await first!.exited;
  await workers(1);
  await results;
  for (const id of ids) expect((await producer.get(id)).phone).toBe(String(ROUNDS));
});

test('a worker that starts later claims its part of queues in which requests wait', async () => {
  const [first] = await workers(1);
  const ids = await created();
  const model = await connect(names.amqpUrl);
  const channel = await model.createChannel();
  let load = true;
  const sending = (async (): Promise<void> => {
    // More than the first worker can do, so that requests wait in all queues.
    for (; load; await new Promise(setImmediate)) {
      const { messageCount } = await channel.checkQueue(`${names.queue}.0`);
      if (messageCount > 500) continue;
      for (let sent = 0; sent < 400; sent += 1) {
        const id = ids[sent % ids.length]!;
        channel.publish(names.queue, String(sent), Buffer.from(updateRequest(id, { phone: String(sent) })), {
          messageId: randomUUID(),
        });
      }
    }
  })();
  const [second] = await workers(1);
  try {
    await expect.poll(async () => (await channel.checkQueue(rosterOf(names.queue))).consumerCount).toBe(2);
    // Requests without reply_to are logged by the worker that executes them.
    const executes = (worker: WorkerProcess): number => worker.output().split('contact.update').length;
    await expect.poll(() => executes(second!)).toBeGreaterThan(100);
    const before = executes(first!);
    await expect.poll(() => executes(first!)).toBeGreaterThan(before + 100);
  } finally {
    load = false;
    await sending;
    await model.close();
  }
});
