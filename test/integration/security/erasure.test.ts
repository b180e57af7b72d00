import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createRequest, jane, updateRequest } from '../../support/documents.ts';
import { POLLING } from '../../support/polling.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { bash, commandsUnder, folderOfContacts } from '../producers/page-commands.ts';
import { Queues } from '../dead-letters/letters.ts';

const PAGE = new URL('../../../docs/personal-data.md', import.meta.url);
const running = runningWorker();
const person = {
  ...jane,
  first_name: 'Erasmia',
  last_name: 'Wunderlich',
  email: 'erasmia@example.org',
  phone: '+49 30 7654321',
};
const other = { ...jane, email: 'other@example.org' };
let queues: Queues;

beforeAll(async () => {
  queues = await Queues.declare(running.names);
});

afterAll(() => queues.close());

/** Everything that the database holds, as text. */
async function databaseText(): Promise<string> {
  const client = await MongoClient.connect(running.names.mongodbUrl);
  try {
    const collections = await client.db().collections();
    return JSON.stringify(await Promise.all(collections.map((one) => one.find().toArray())));
  } finally {
    await client.close();
  }
}

test('the documented procedure leaves nothing of a person in database, queues and log, and all of others', async () => {
  const { requester, names, worker } = running;
  const created = await requester.request(createRequest(person), { messageId: 'erasmia@example.org' });
  const id = Number(/<contact_id>(\d+)</.exec(created.xml)?.[1]);
  await requester.request(updateRequest(id, { phone: '+49 30 7654322' }), { messageId: 'change' });
  await requester.request(createRequest({ ...person, client_id: 2 }));
  await requester.request(createRequest(other));
  await queues.bury('INTERNAL_ERROR', { messageId: 'hers' }, createRequest(person).replace('@', '&#64;'));
  await queues.bury('INTERNAL_ERROR', { messageId: 'another' }, createRequest(other));
  requester.send(createRequest(person), { replyTo: names.queue });
  await expect.poll(() => queues.depths(), POLLING).toEqual({ requests: 0, dead: 3 });
  expect(await databaseText()).toContain('Wunderlich');

  const commands = commandsUnder(PAGE, 'Erase a person').replaceAll('person@example.com', person.email);
  const env = {
    PATH: `${folderOfContacts()}:${process.env['PATH'] ?? ''}`,
    AMQP_URL: names.amqpUrl,
    REQUEST_QUEUE: names.queue,
  };
  const { code, err } = await bash(commands, { cwd: '/tmp', env, limitMs: 50_000 });
  expect({ code, err }).toMatchObject({ code: 0 });

  const letters = await queues.drain(queues.dead);
  expect(letters.map(({ properties }) => String(properties.messageId))).toEqual(['another']);
  const left = `${await databaseText()}${await worker.logText()}`;
  expect(left).not.toMatch(/Erasmia|Wunderlich|765432/i);
  expect(left).toContain(other.email);
});
