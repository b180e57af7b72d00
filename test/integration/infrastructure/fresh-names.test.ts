import { connect } from 'amqplib';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { dropDatabase } from '../../../infrastructure/servers.ts';
import { freshNames } from '../../support/fresh-names.ts';

const names = freshNames();

test('the shared broker accepts a quorum queue of this file', async () => {
  const connection = await connect(names.amqpUrl);
  const channel = await connection.createChannel();
  const declared = await channel.assertQueue(names.queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  expect(declared.queue).toBe(names.queue);
  await connection.close();
});

test('the shared database keeps a document in the database of this file, and dropping it removes it', async () => {
  const client = new MongoClient(names.mongodbUrl);
  await client.db().collection('things').insertOne({ name: 'ä' });
  expect(client.db().databaseName).toBe(names.database);
  expect(await client.db().collection('things').countDocuments()).toBe(1);
  await dropDatabase(names.mongodbUrl);
  expect(await client.db().collection('things').countDocuments()).toBe(0);
  await client.close();
});
