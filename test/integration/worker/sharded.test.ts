import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { ContactsClient } from '../../../src/client/index.ts';
import { collectionsOf } from '../../../src/mongo/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';

const names = freshNames();
const database = new MongoClient(names.mongodbUrl);
let worker: TestWorker;
let client: ContactsClient;

beforeAll(async () => {
  worker = await startWorker(names, { MONGODB_SHARDED: 'true' });
  client = await ContactsClient.connect({ url: names.amqpUrl, queue: names.queue });
});
afterAll(async () => {
  await client.close();
  await worker.stop();
  await database.close();
});

test('with MONGODB_SHARDED=true requests are recognised by claims, before and after a delete', async () => {
  const jane = { clientId: 1, firstName: 'Jane', lastName: 'Doe', email: 'jane@example.org' };
  const create = (): ReturnType<typeof client.create> => client.create(jane, { messageId: 'jane' });
  const { contactId } = await create();
  expect(await create()).toEqual({ contactId, repeated: true });
  await client.update(contactId, { phone: '1' });
  expect(await client.get(contactId)).toMatchObject({ firstName: 'Jane', phone: '1' });
  await client.delete(contactId);
  expect(await create()).toEqual({ contactId, repeated: true });
  const { contacts, claims } = collectionsOf(database.db());
  expect(await claims.find().toArray()).toMatchObject([{ contact_id: contactId }]);
  const indexes = (await contacts.listIndexes().toArray()) as { name: string }[];
  expect(indexes.map(({ name }) => name)).not.toContain('created_by');
});

test('a worker without the setting holds creates once claims are added, until one that has it gets them', async () => {
  const own = freshNames();
  const without = await startWorker(own, { DRAIN_TIMEOUT_MS: '0' });
  onTestFinished(async () => void (await without.stop()));
  const caller = await ContactsClient.connect({ url: own.amqpUrl, queue: own.queue });
  onTestFinished(() => caller.close());
  const john = { clientId: 1, firstName: 'John', lastName: 'Doe', email: 'john@example.org' };
  await caller.create(john);
  const { counters } = collectionsOf(database.db(own.database));
  await counters.updateOne({ _id: 'contact' }, { $set: { claims: 'filling' } });
  const creating = caller.create(john);
  await expect.poll(() => without.logText(), { timeout: 10_000 }).toContain('Set MONGODB_SHARDED=true');
  await without.stop();
  const restarted = await startWorker(own, { MONGODB_SHARDED: 'true' });
  onTestFinished(async () => void (await restarted.stop()));
  expect(await creating).toMatchObject({ repeated: false });
});
