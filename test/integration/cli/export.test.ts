import { beforeAll, expect, test } from 'vitest';

import { allContacts, type ReadPlan } from '../../../src/cli/export/read.ts';
import { ContactsClient } from '../../../src/client/index.ts';
import { clients } from '../../support/contacts-client.ts';
import { runningWorker } from '../../support/running-worker.ts';

const running = runningWorker();
const connected = clients({ url: running.names.amqpUrl, queue: running.names.queue, appId: 'export' });
const COUNT = 60;
const CLIENT = 7;
/** Ids of the contacts that exist, ascending. */
let ids: number[] = [];

beforeAll(async () => {
  const client = await ContactsClient.connect({ url: running.names.amqpUrl, queue: running.names.queue });
  const contact = { clientId: CLIENT, firstName: 'Jane', lastName: 'Doe', email: 'jane@example.org' };
  for (let i = 0; i < COUNT; i += 1) ids.push((await client.create(contact)).contactId);
  const deleted = ids.filter((_, at) => at % 7 === 3);
  for (const id of deleted) await client.delete(id);
  ids = ids.filter((id) => !deleted.includes(id));
  await client.close();
});

const GETS_ARE_CHEAP = { get: 1, contactOfAPage: 40, skippedContact: 10 };
const GETS_ARE_DEAR = { get: 1_000, contactOfAPage: 1, skippedContact: 1 };

/** A plan whose requests are counted. */
function counted(client: ContactsClient, given: Partial<ReadPlan>): { plan: ReadPlan; calls: { gets: number } } {
  const calls = { gets: 0 };
  const contacts: ReadPlan['contacts'] = {
    list: (...args) => client.list(...args),
    get: (...args) => {
      calls.gets += 1;
      return client.get(...args);
    },
  };
  const usual = { clientId: undefined, perPage: 5, inFlight: 4, pagedAtLeast: 10, costs: GETS_ARE_CHEAP, call: {} };
  return { plan: { ...usual, contacts, ...given }, calls };
}

async function idsOf(plan: ReadPlan): Promise<number[]> {
  const found: number[] = [];
  for await (const some of allContacts(plan)) found.push(...some.map(({ contactId }) => contactId));
  return found;
}

test('behind the first pages contacts are read one by one, where that is cheaper', async () => {
  const { plan, calls } = counted(await connected(), {});
  expect(await idsOf(plan)).toEqual(ids);
  const [first = 0, last = 0] = [ids[9], ids.at(-1)];
  expect(calls.gets).toBe(last - first);
});

test.each([
  ['they are dearer', { costs: GETS_ARE_DEAR }],
  ['there are few contacts', { pagedAtLeast: 1_000 }],
  ['only a page tells whose contact it is', { clientId: CLIENT }],
])('pages are read to the end where %s', async (_, given) => {
  const { plan, calls } = counted(await connected(), given);
  expect(await idsOf(plan)).toEqual(ids);
  expect(calls.gets).toBe(0);
});

test('a contact that is deleted meanwhile keeps no other from being read', async () => {
  const client = await connected();
  const { plan } = counted(client, { inFlight: 1 });
  const found: number[] = [];
  const [early = 0, late = 0] = [ids[0], ids.at(-2)];
  for await (const some of allContacts(plan)) {
    if (found.length === 10) await Promise.all([client.delete(early), client.delete(late)]);
    found.push(...some.map(({ contactId }) => contactId));
  }
  expect(found).toEqual(ids.filter((id) => id !== late));
  ids = ids.filter((id) => id !== early && id !== late);
});

test('a failure ends the reading', async () => {
  const { plan } = counted(await connected(), { perPage: 1_000_000 });
  await expect(idsOf(plan)).rejects.toMatchObject({ code: 'INVALID_PARAMS' });
});
