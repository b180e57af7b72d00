import { connect, type ConfirmChannel } from 'amqplib';
import { MongoClient } from 'mongodb';
import { afterAll, expect, test } from 'vitest';
import { amqpProblem, mongodbProblem } from '../../../infrastructure/servers.ts';
import { startBroker, startDatabase, type OwnServer } from '../../support/servers.ts';

const started: OwnServer[] = [];

afterAll(async () => {
  await Promise.all(started.map((server) => server.remove()));
});

async function onChannel(broker: OwnServer, use: (channel: ConfirmChannel) => Promise<void>): Promise<void> {
  const connection = await connect(broker.url);
  connection.on('error', () => undefined);
  const channel = await connection.createConfirmChannel();
  try {
    await use(channel);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

test('a killed broker restarts at the same address with its confirmed messages', async () => {
  const broker = await startBroker();
  started.push(broker);
  await onChannel(broker, async (channel) => {
    await channel.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  });
  // A kill right after the declaration empties the queue, confirmed messages included (RabbitMQ
  // 4.3.6); a graceful stop before that makes sure that it is written.
  await broker.stop();
  await broker.start();
  await onChannel(broker, async (channel) => {
    channel.sendToQueue('kept', Buffer.from('1'), { persistent: true });
    await channel.waitForConfirms();
    await broker.kill();
  });
  expect(await amqpProblem(broker.url)).toContain('ECONNREFUSED');
  await broker.start();
  await onChannel(broker, async (channel) => {
    const message = await channel.get('kept', { noAck: true });
    expect(message === false ? undefined : message.content.toString()).toBe('1');
  });
});

test('a killed database restarts at the same address with its acknowledged writes', async () => {
  const database = await startDatabase();
  started.push(database);
  const before = new MongoClient(database.url);
  await before
    .db('kept')
    .collection<{ _id: number }>('things')
    .insertOne({ _id: 1 }, { writeConcern: { w: 'majority' } });
  await database.kill();
  await before.close();
  expect(await mongodbProblem(database.url)).toBeDefined();
  await database.start();
  const after = new MongoClient(database.url);
  expect(await after.db('kept').collection('things').countDocuments()).toBe(1);
  await after.close();
});

test('a paused database is silent, and answers again when it is resumed', async () => {
  const database = started.at(-1)!;
  await database.pause();
  expect(await mongodbProblem(database.url)).toBeDefined();
  await database.resume();
  expect(await mongodbProblem(database.url)).toBeUndefined();
});

test('a database that is stopped exits with 0', async () => {
  const database = started.at(-1)!;
  await database.stop();
  expect(await database.exitCode()).toBe(0);
});
