import { randomBytes } from 'node:crypto';
import { afterAll, inject } from 'vitest';

import { deleteQueues, dropDatabase } from '../../infrastructure/servers.ts';
import { withDatabase } from '../../infrastructure/addresses.ts';

/** A test file's own names on the servers that all files share. */
export interface FreshNames {
  readonly amqpUrl: string;
  /** A unique request queue; not declared yet. */
  readonly queue: string;
  /** The shared server with a unique database in its path. */
  readonly mongodbUrl: string;
  readonly database: string;
}

/**
 * Returns names for the calling test file or suite; removes its queues and database after the
 * suite.
 */
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
