import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { withDatabase } from '../../../infrastructure/addresses.ts';
import { dropDatabase } from '../../../infrastructure/servers.ts';
import { createRequest } from '../../support/documents.ts';
import { POLLING } from '../../support/polling.ts';
import { startBroker, type OwnServer } from '../../support/servers.ts';
import { startWorker } from '../../support/worker.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { Queues, run } from '../dead-letters/letters.ts';

// The procedures of docs/personal-data.md. The second test sets a policy, so it has its own broker.
const page = readFileSync(new URL('../../../docs/personal-data.md', import.meta.url), 'utf8');
const names = freshNames();
const queues = Queues.forSuite(names);
let broker: OwnServer;
const mongodbUrl = withDatabase(inject('mongodbUrl'), `test_retention_${process.pid}`);

beforeAll(async () => {
  broker = await startBroker();
}, 180_000);

afterAll(async () => {
  await broker.remove();
  await dropDatabase(mongodbUrl);
});

test('letters past their age are discarded; younger ones, and those without a time, stay', async () => {
  expect(page).toContain('contacts dead-letters discard --all --older-than 30d --yes');
  const old = new Date(Date.now() - 31 * 86_400_000).toISOString();
  for (const [messageId, time] of Object.entries({ old, young: new Date().toISOString(), none: 'none' })) {
    const headers = { 'diagnosis-code': 'INTERNAL_ERROR', 'diagnosis-time': time };
    queues.channel.sendToQueue(queues.dead, Buffer.from(createRequest()), { messageId, headers });
  }
  await queues.channel.waitForConfirms();
  const discard = ['discard', '--all', '--older-than', '30d', '--yes'];
  expect(await run(names, discard)).toMatchObject({ code: 0, out: ['1 letter discarded.'] });
  expect(await queues.drainIds(queues.dead)).toEqual(['young', 'none']);
});

test('a policy on an existing queue removes letters that arrive after it, also if they were looked at; workers start', async () => {
  const [, policy = ''] = /rabbitmqctl set_policy (.*message-ttl.*)\n/.exec(page) ?? [];
  const [applyTo, kind, name, pattern, definition] = policy.split(' ').map((word) => word.replaceAll("'", ''));
  expect([applyTo, kind, name]).toEqual(['--apply-to', 'quorum_queues', 'contacts-dead-letters']);
  const ttl = definition!.replace(/"message-ttl":\d+/, '"message-ttl":3000');
  const own = { amqpUrl: broker.url, mongodbUrl, queue: 'contacts.requests', database: '' };
  const letters = await Queues.declare(own);
  await broker.exec('rabbitmqctl', 'set_policy', applyTo!, kind!, name!, pattern!, ttl);
  await letters.bury('INTERNAL_ERROR');
  await letters.bury('INTERNAL_ERROR');
  expect((await run(own, ['list'])).out.at(-1)).toMatch(/^[12] letters?$/);
  const worker = await startWorker(own);
  await expect.poll(() => letters.depths(), POLLING).toEqual({ requests: 0, dead: 0 });
  await worker.stop();
  await letters.remove();
}, 120_000);
