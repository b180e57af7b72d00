import { afterAll, beforeAll, expect, test } from 'vitest';

import { freshNames } from '../../support/fresh-names.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { Queues } from '../dead-letters/letters.ts';
import { asker, startConsole, succeeding, type TestConsole } from './console-process.ts';

const names = freshNames();
const queues = Queues.forSuite(names);
let proxy: TcpProxy;
let page: TestConsole;

beforeAll(async () => {
  proxy = await TcpProxy.before(names.amqpUrl);
  page = await startConsole({ ...names, amqpUrl: proxy.url(names.amqpUrl) }, ['--undo', '0']);
});
afterAll(async () => {
  await page.stop();
  await proxy.close();
});

const overview = (): Promise<unknown> => succeeding(page, '/api/overview');
const CRITICAL = { verdicts: expect.arrayContaining([expect.objectContaining({ level: 'critical' })]) };

test('requests that nobody consumes are named first', async () => {
  queues.channel.sendToQueue(queues.requests, Buffer.from('x'));
  await queues.channel.waitForConfirms();
  const text = `1 request waits, and no worker consumes ${names.queue}.`;
  await expect.poll(overview, { timeout: 20_000 }).toMatchObject({
    verdicts: expect.arrayContaining([expect.objectContaining({ level: 'critical', text })]),
    workers: [{ state: 'unreachable' }],
  });
});

test('a lost connection is named, and replaced: no letter is lost, nothing is settled twice', async () => {
  const ask = asker(page);
  await queues.bury('INTERNAL_ERROR', { messageId: '1' });
  expect((await ask('/api/dead-letters')).json).toMatchObject({ total: 1 });
  const counted = await ask('/api/dead-letters/preview', { body: { action: 'discard', all: true } });

  proxy.refuse();
  await expect.poll(overview, { timeout: 20_000 }).toMatchObject({ ...CRITICAL, requests: null });
  expect(await ask('/api/dead-letters')).toMatchObject({
    status: 503,
    json: { error: { code: 'BROKER_UNAVAILABLE' } },
  });
  const body = { plan: (counted.json as { readonly plan: string }).plan };
  const { job } = (await ask('/api/dead-letters/jobs', { body })).json as { readonly job: string };
  await expect
    .poll(() => succeeding(page, `/api/jobs/${job}`), { timeout: 20_000 })
    .toMatchObject({ state: 'failed', settled: 0, problem: expect.stringContaining('No letter is lost') });

  proxy.accept();
  await expect.poll(overview, { timeout: 20_000 }).toMatchObject({ dead_letters: { messages: 1 } });
  // An idle connection that was cut meanwhile is replaced without a word.
  expect((await ask('/api/dead-letters')).json).toMatchObject({ total: 1 });
  const again = await ask('/api/dead-letters/preview', { body: { action: 'discard', all: true } });
  proxy.cut();
  const { plan } = again.json as { readonly plan: string };
  const started = (await ask('/api/dead-letters/jobs', { body: { plan } })).json as { readonly job: string };
  await expect
    .poll(() => succeeding(page, `/api/jobs/${started.job}`), { timeout: 20_000 })
    .toMatchObject({ state: 'done', settled: 1 });
  expect(await queues.depths()).toMatchObject({ dead: 0 });
});

test('without the queues it says what declares them', async () => {
  await queues.channel.deleteQueue(queues.requests);
  await queues.channel.deleteQueue(queues.dead);
  expect((await asker(page)('/api/dead-letters')).json).toMatchObject({ error: { code: 'QUEUE_MISSING' } });
  await expect.poll(overview, { timeout: 20_000 }).toMatchObject(CRITICAL);
  await queues.redeclareRequests();
});
