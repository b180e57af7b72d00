import { randomUUID } from 'node:crypto';

import { expect, test } from 'vitest';

import { createRequest } from '../../support/documents.ts';
import { startWorker } from '../../support/worker.ts';
import { freshQueues } from '../../support/several-queues.ts';
import { startConsole, succeeding } from '../console/console-process.ts';

const COUNT = 3;
const names = freshQueues();
const SETTINGS = { REQUEST_QUEUES: String(COUNT) };

test('the console shows each of several queues, and a document that it sends is answered', async () => {
  const worker = await startWorker(names, SETTINGS);
  const page = await startConsole(names, ['--metrics', 'http://127.0.0.1:9/metrics'], SETTINGS);
  const overview = (): Promise<unknown> => succeeding(page, '/api/overview');
  const queues = (consumers: number) =>
    Array.from({ length: COUNT }, (_, nth) => ({ name: `${names.queue}.${nth}`, messages: 0, consumers }));
  try {
    await expect.poll(overview, { timeout: 20_000 }).toMatchObject({
      queue: names.queue,
      // One worker, however many queues it consumes.
      requests: { messages: 0, consumers: 1 },
      dead_letters: { messages: 0 },
      queues: queues(1),
    });
    const body = { document: createRequest(), message_id: randomUUID() };
    expect(await succeeding(page, '/api/documents/send', { body })).toMatchObject({ status: 'ok' });
    await worker.stop();
    await expect.poll(overview, { timeout: 20_000 }).toMatchObject({
      queues: queues(0),
      verdicts: expect.arrayContaining([
        expect.objectContaining({ text: `No worker consumes ${names.queue}.${COUNT - 1}.` }),
      ]),
    });
  } finally {
    await page.stop();
  }
});
