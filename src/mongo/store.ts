import type { Db } from 'mongodb';

import { type ContactRepository, ItemDefectError } from '../contacts/repository.ts';
import type { AttemptLedger } from '../protocol/attempt-ledger.ts';
import { within } from '../time/limit.ts';
import { createAttemptLedger, ensureAttemptIndexes } from './attempt-ledger.ts';
import { createCalls } from './connection/calls.ts';
import { awayReason } from './connection/unavailable-reason.ts';
import { createClient, databaseOf, DEFAULT_LIMITS, serverLimitMs, type ClientLimits } from './connection/client.ts';
import { hasForeignIds, raiseCounter } from './contact-ids.ts';
import { createMongoContacts } from './contacts.ts';
import { collectionsOf } from './documents.ts';
import { ensureIndexes, RETENTION_SECONDS } from './indexes.ts';

const PING_MS = 2_000;
const CLOSE_MS = 3_000;
const FOREIGN_IDS = 'the collection contacts holds documents whose _id is no contact_id; they are left alone';

/** The database. Connects with the first call, and again by itself. */
export interface Store {
  readonly contacts: ContactRepository;
  readonly attempts: AttemptLedger;
  /**
   * Makes what must be there before the first request: indexes and the counter. Idempotent; rejects with `UnavailableError` where the database
   * is away, with `StoreMismatchError` where a person has to do something first.
   */
  prepare(): Promise<void>;
  /** Why the database is unavailable, from what `prepare` rejected with; in words, without values. */
  unavailableReason(error: unknown): string;
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
  /** Told of documents in the collection of contacts that are no contacts: of those that a list leaves out, and at each start. */
  readonly foreign?: (why: ItemDefectError) => void;
}

/** Opens the database that the URL's path names. Throws where the URL cannot be used. */
export function openStore(url: string, options: StoreOptions = {}): Store {
  const { limits = DEFAULT_LIMITS, retentionSeconds = RETENTION_SECONDS, foreign = () => undefined } = options;
  const client = createClient(url, limits);
  const db = databaseOf(client, limits);
  const collections = collectionsOf(db);
  const calls = createCalls(client, limits);
  const aloneMs = serverLimitMs(limits);
  const lists = { aloneMs, togetherMs: Math.floor(aloneMs / 4), leftOut: foreign };
  return {
    contacts: createMongoContacts(collections, lists, calls.run),
    attempts: createAttemptLedger(db, calls.run),
    prepare: () =>
      calls.run('prepare the database', async () => {
        // A client whose first connection failed stays closed for every later call, until it is translateErrors to connect again.
        await client.connect();
        await ensureIndexes(db, retentionSeconds);
        await ensureAttemptIndexes(db, retentionSeconds);
        await raiseCounter(collections);
        if (await hasForeignIds(collections)) foreign(new ItemDefectError(FOREIGN_IDS));
      }),
    unavailableReason: awayReason,
    ping: () => calls.run('ping the database', () => within(PING_MS, 'the database', ping(db))),
    close: async () => {
      calls.stop();
      await within(CLOSE_MS, 'closing the database', client.close(true)).catch(() => undefined);
    },
  };
}

async function ping(db: Db): Promise<void> {
  await db.command({ ping: 1 });
}
