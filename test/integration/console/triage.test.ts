import { afterAll, beforeAll, expect, test } from 'vitest';

import { inspectBroker } from '../../../src/amqp/inspection/broker.ts';
import { Sampler } from '../../../src/console/live/sampler.ts';
import { deleteRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { Queues } from '../dead-letters/letters.ts';
import { asker, startConsole, succeeding, type TestConsole } from './console-process.ts';

const names = freshNames();
const queues = Queues.forSuite(names);
let page: TestConsole;

beforeAll(async () => {
  page = await startConsole(names, ['--metrics', 'http://127.0.0.1:9/metrics', '--undo', '0']);
});
afterAll(() => page.stop());

interface Group {
  readonly group: string;
  readonly cause: string;
  readonly method: string;
  readonly count: number;
}

const groupsOf = async (query = ''): Promise<readonly Group[]> =>
  (await succeeding<{ groups: Group[] }>(page, `/api/dead-letters?${query}`)).groups;

test('letters with one cause are a group, the largest first, and a group is settled as one', async () => {
  await queues.buryMany(5);
  await queues.bury('INTERNAL_ERROR', { messageId: 'x' }, deleteRequest(1));
  const groups = await groupsOf();
  expect(groups).toMatchObject([
    { cause: 'INTERNAL_ERROR', method: 'contact.create', error: 'Error', count: 3 },
    { cause: 'ANSWER_REFUSED', method: 'contact.create', count: 2 },
    { cause: 'INTERNAL_ERROR', method: 'contact.delete', count: 1 },
  ]);
  const [, , deletes] = groups;
  expect(await succeeding(page, `/api/dead-letters?group=${deletes!.group}`)).toMatchObject({
    total: 6,
    matched: 1,
    letters: [{ message_id: 'x' }],
    groups: [deletes],
  });
  const body = { action: 'discard', all: true, group: groups[0]!.group };
  const { plan, count } = await succeeding<{ plan: string; count: number }>(page, '/api/dead-letters/preview', {
    body,
  });
  expect(count).toBe(3);
  const { job } = await succeeding<{ job: string }>(page, '/api/dead-letters/jobs', { body: { plan } });
  await expect.poll(() => succeeding(page, `/api/jobs/${job}`)).toMatchObject({ state: 'done', settled: 3 });
  expect((await groupsOf()).map(({ count: left }) => left)).toEqual([2, 1]);
});

test('a producer that makes each error another one does not make the answer long', async () => {
  for (let nth = 0; nth < 1_200; nth += 1) {
    const headers = { 'diagnosis-code': 'INTERNAL_ERROR', 'diagnosis-last-error': `${nth} ${'x'.repeat(300)}` };
    queues.channel.sendToQueue(queues.dead, Buffer.from('x'), { headers });
  }
  await queues.channel.waitForConfirms();
  const answer = await asker(page)('/api/dead-letters?limit=1');
  expect(answer.json).toMatchObject({ matched: 1_200, in_other_groups: 1_180 });
  expect(answer.text.length).toBeLessThan(20_000);
});

test('a group that is no text selects nothing', async () => {
  const body = { action: 'discard', all: true, group: 7 };
  expect((await asker(page)('/api/dead-letters/preview', { body })).status).toBe(400);
});

test('the depth of each of several request queues, and since when nobody consumes them', async () => {
  const requestQueues = [0, 1].map((nth) => `${names.queue}.${nth}`);
  const [first = '', second = ''] = requestQueues;
  const connection = { urls: [names.amqpUrl], timeoutMs: 5_000, heartbeatS: 10 };
  await queues.channel.assertQueue(first, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  queues.channel.sendToQueue(first, Buffer.from('x'));
  await queues.channel.waitForConfirms();
  const source = { queue: names.queue, requestQueues, metricsUrls: [], lookAtBroker: () => inspectBroker(connection) };
  const sampler = new Sampler(source, 200);
  try {
    await expect
      .poll(() => sampler.latest)
      .toMatchObject({
        requests: { messages: 1, consumers: 0 },
        queues: [
          { name: first, messages: 1, consumers: 0 },
          { name: second, messages: null, consumers: null },
        ],
        verdicts: [
          { level: 'critical', text: `The queue ${second} does not exist. A worker declares it.` },
          { level: 'critical', text: `1 request waits, and no worker consumes ${first}.` },
        ],
      });
    await expect
      .poll(async () => (await sampler.latest).oldest_request, { timeout: 20_000 })
      .toMatchObject({ source: 'observed', age_seconds: 2 });
  } finally {
    await sampler.close();
    await queues.channel.deleteQueue(first);
  }
});
