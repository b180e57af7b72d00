import { MongoClient } from 'mongodb';

import type { OwnServer } from '../test/support/servers.ts';
import type { FinalContact, FinalState } from './journal.ts';
import { deadLetterIds } from './infrastructure/dead-letters.ts';
import { DATABASE, queueDepth, type Testbed } from './infrastructure/testbed.ts';

/** A worker above this size has a leak or buffers too much; an idle one holds about 120 MiB. */
const MEMORY_BOUND_MIB = 400;

interface Stored {
  readonly _id: number;
  readonly deleted_at?: Date;
  readonly client_id?: number;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly mobile_phone?: string;
}

/** Reads the final state directly, not through the proxies. */
export async function finalState({
  broker,
  database,
  workers,
}: Pick<Testbed, 'workers'> & {
  readonly broker: Pick<OwnServer, 'exec'>;
  readonly database: Pick<OwnServer, 'url'>;
}): Promise<FinalState> {
  return {
    contacts: await contacts(database.url),
    requestQueueDepth: await queueDepth(broker),
    deadLetters: await deadLetterIds(broker),
    peakMemoryMiB: Math.max(...workers.map(({ peakMemoryMiB }) => peakMemoryMiB)),
    memoryBoundMiB: MEMORY_BOUND_MIB,
  };
}

async function contacts(url: string): Promise<FinalContact[]> {
  const client = new MongoClient(url);
  try {
    const stored = await client.db(DATABASE).collection<Stored>('contacts').find().toArray();
    return stored.map((one) =>
      one.deleted_at === undefined
        ? { contact_id: one._id, deleted: false, fields: fieldsOf(one) }
        : { contact_id: one._id, deleted: true },
    );
  } finally {
    await client.close();
  }
}

function fieldsOf(one: Stored): NonNullable<FinalContact['fields']> {
  const { client_id = 0, first_name = '', last_name = '', email = '', phone = '', mobile_phone = '' } = one;
  return { client_id, first_name, last_name, email, phone, mobile_phone };
}
