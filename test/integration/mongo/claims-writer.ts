import process from 'node:process';

import { openStore } from '../../../src/mongo/store.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';
import { creation, deletionOf, strict } from '../../support/contact-repository/fixtures.ts';

/** What a worker process of claims-killed.test.ts does: creates, deletes of every second contact, creates. */
const [url = '', ...keys] = process.argv.slice(2);
const store = openStore(url, { sharded: true });
const contacts = strict(store.contacts);

/** Repeats a call whose outcome is unknown, as the worker does: the engine ends deadlocks, for instance. */
async function repeated<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
    }
  }
}

async function create(): Promise<void> {
  const created = await repeated(() => contacts.create(keys.map((key) => creation({}, key))));
  process.stdout.write(`${JSON.stringify(created.map(({ id }, i) => [keys[i], id]))}\n`);
}

await create();
const created = await repeated(() => contacts.create(keys.map((key) => creation({}, key))));
const deleted = keys.flatMap((key, i) => (key.endsWith('0') ? [deletionOf(created[i]?.id ?? 0, `${key}-delete`)] : []));
const outcomes = await repeated(() => contacts.delete(deleted));
if (outcomes.includes('not-found')) throw new Error('a contact was not found');
await create();
await store.close();
