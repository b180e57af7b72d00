import { collectionOf as attemptsOf } from './attempt-ledger.ts';
import { createClient, DEFAULT_LIMITS } from './connection/client.ts';
import { collectionsOf } from './documents.ts';

/**
 * Deletes all contacts of the URL's database, and all that is remembered of requests. The counter
 * of contact_ids stays, as a worker may have reserved some. For tests: nothing may be in flight.
 */
export async function eraseContacts(url: string): Promise<void> {
  const client = createClient(url, { ...DEFAULT_LIMITS, poolSize: 3 });
  try {
    const { contacts, archivedKeys, claims } = collectionsOf(client.db());
    const all = [contacts, archivedKeys, claims, attemptsOf(client.db())];
    await Promise.all(all.map((collection) => collection.deleteMany({})));
  } finally {
    await client.close();
  }
}
