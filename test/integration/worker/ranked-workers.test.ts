import { afterEach, expect, test } from 'vitest';

import { freshNames } from '../../support/fresh-names.ts';
import { Requester } from '../../support/requester.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';

const REQUESTS = 20;
const GET = '<request method="contact.get"><contact_id>1</contact_id></request>';
const running: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

/** Two workers of one queue; returns how many requests each has answered, fewest first. */
async function sharesOf(CONSUMER_PRIORITY: string): Promise<readonly number[]> {
  const names = freshNames();
  const workers: TestWorker[] = [];
  for (let i = 0; i < 2; i += 1) {
    const worker = await startWorker(names, { CONSUMER_PRIORITY });
    running.push({ close: () => worker.stop() });
    workers.push(worker);
  }
  const requester = await Requester.open(names.amqpUrl, names.queue);
  running.unshift(requester);
  for (let i = 0; i < REQUESTS; i += 1) await requester.request(GET);
  // The end of a worker writes the lines that have gathered.
  await Promise.all(workers.map((worker) => worker.stop()));
  running.length = 1;
  const logs = await Promise.all(workers.map((worker) => worker.logLines()));
  return logs
    .map((lines) => lines.filter(({ method }) => method === 'contact.get').length)
    .toSorted((one, other) => one - other);
}

test('ranked workers: one of them answers what it can answer alone', async () => {
  expect(await sharesOf('ranked')).toEqual([0, REQUESTS]);
});

test('equal workers share', async () => {
  expect(await sharesOf('equal')).toEqual([REQUESTS / 2, REQUESTS / 2]);
});
