import { connect } from 'amqplib';
import { MongoClient } from 'mongodb';

/** Deletes queues; those that are not there are no problem. Of several addresses the first is used. */
export async function deleteQueues(amqpUrl: string, queues: readonly string[]): Promise<void> {
  const [first = ''] = amqpUrl.split(',');
  const connection = await connect(first, { timeout: 10_000 });
  try {
    const channel = await connection.createChannel();
    for (const queue of queues) await channel.deleteQueue(queue);
  } finally {
    await connection.close();
  }
}

/** Drops the database that the address names. */
export async function dropDatabase(mongodbUrl: string): Promise<void> {
  const client = new MongoClient(mongodbUrl, { serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 30_000 });
  try {
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
}
