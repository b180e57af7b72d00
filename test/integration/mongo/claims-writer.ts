import process from 'node:process';

import { openStore } from '../../../src/mongo/store.ts';
import { creation, deletionOf, strict } from '../../support/contact-repository/fixtures.ts';

/** What a worker process of claims-killed.test.ts does: creates, deletes of every second contact, creates. */
const [url = '', ...keys] = process.argv.slice(2);
const store = openStore(url, { sharded: true });
const contacts = strict(store.contacts);

async function create(): Promise<void> {
  const created = await contacts.create(keys.map((key) => creation({}, key)));
  process.stdout.write(`${JSON.stringify(created.map(({ id }, i) => [keys[i], id]))}\n`);
}

await create();
const created = await contacts.create(keys.map((key) => creation({}, key)));
const deleted = keys.flatMap((key, i) => (key.endsWith('0') ? [deletionOf(created[i]?.id ?? 0, `${key}-delete`)] : []));
const outcomes = await contacts.delete(deleted);
if (outcomes.includes('not-found')) throw new Error('a contact was not found');
await create();
await store.close();
