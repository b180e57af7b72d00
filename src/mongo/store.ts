import type { MongoClient } from 'mongodb';

import type { ContactRepository } from '../contacts/repository.ts';
import type { AttemptLedger } from '../protocol/attempt-ledger.ts';
import { within } from '../time/limit.ts';
import { createAttemptLedger, ensureAttemptIndexes } from './attempt-ledger.ts';
import { createCalls } from './calls.ts';
import { createClient, DEFAULT_LIMITS, type ClientLimits } from './client.ts';
import { liftCounter } from './contact-ids.ts';
import { createMongoContacts } from './contacts.ts';
import { collectionsOf } from './documents.ts';
import { ensureIndexes, RETENTION_SECONDS } from './indexes.ts';

const PING_MS = 2_000;
const CLOSE_MS = 3_000;

/** The database. Connects with the first call, and again by itself. */
export interface Store {
  readonly contacts: ContactRepository;
  readonly attempts: AttemptLedger;
  /** Makes what must be there before the first request: indexes and the counter. Idempotent; rejects with `Unavailable` where the database is away. */
  prepare(): Promise<void>;
  /** Resolves when the database answers, rejects within two seconds where it does not. */
  ping(): Promise<void>;
  /** Closes all connections within a time limit. Idempotent; never rejects. */
  close(): Promise<void>;
}

/** What may be set beside the URL. */
export interface StoreOptions {
  readonly limits?: ClientLimits;
  /** How long requests are remembered, so that their repeats are recognised. */
  readonly retentionSeconds?: number;
}

/** Opens the database that the URL's path names. Throws where the URL cannot be used. */
export function openStore(url: string, options: StoreOptions = {}): Store {
  const { limits = DEFAULT_LIMITS, retentionSeconds = RETENTION_SECONDS } = options;
  const client = createClient(url, limits);
  const db = client.db();
  const calls = createCalls(client, limits);
  return {
    // Below the answer's limit, so that a slow list ends as what it is.
    contacts: createMongoContacts(db, { listTimeMs: Math.floor(limits.answerMs * 0.75) }, calls.run),
    attempts: createAttemptLedger(db, calls.run),
    prepare: () =>
      calls.run('prepare the database', async () => {
        // A client whose first connection failed stays closed for every later call, until it is told to connect again.
        await client.connect();
        await ensureIndexes(db, retentionSeconds);
        await ensureAttemptIndexes(db, retentionSeconds);
        await liftCounter(collectionsOf(db));
      }),
    ping: () => calls.run('ping the database', () => within(PING_MS, 'the database', ping(client))),
    close: async () => {
      calls.stop();
      await within(CLOSE_MS, 'closing the database', client.close(true)).catch(() => undefined);
    },
  };
}

async function ping(client: MongoClient): Promise<void> {
  await client.db().command({ ping: 1 });
}
