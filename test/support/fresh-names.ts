import { randomBytes } from 'node:crypto';
import { afterAll, inject } from 'vitest';

import { deleteQueues, dropDatabase } from '../../infrastructure/servers.ts';
import { withDatabase } from '../../infrastructure/addresses.ts';

/** A namespace of a test file's own on the servers that all files share. */
export interface FreshNames {
  readonly amqpUrl: string;
  /** A request queue that nobody else uses; it is not declared yet. */
  readonly queue: string;
  /** The shared server with a database in its path that nobody else uses. */
  readonly mongodbUrl: string;
  readonly database: string;
}

/** Makes a namespace for the calling test file or suite; its queues and database are removed after the suite. */
export function freshNames(): FreshNames {
  const mark = randomBytes(6).toString('hex');
  const queue = `test.${mark}`;
  const database = `test_${mark}`;
  const amqpUrl = inject('amqpUrl');
  const mongodbUrl = withDatabase(inject('mongodbUrl'), database);
  afterAll(async () => {
    await deleteQueues(amqpUrl, [queue, `${queue}.dead`]);
    await dropDatabase(mongodbUrl);
  });
  return { amqpUrl, queue, mongodbUrl, database };
}
