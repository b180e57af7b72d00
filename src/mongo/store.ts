import type { Db } from 'mongodb';

import { type ContactRepository, ItemDefectError } from '../contacts/repository.ts';
import type { AttemptLedger } from '../protocol/attempt-ledger.ts';
import type { TlsFiles } from '../files/tls-files.ts';
import { within } from '../time/limit.ts';
import { createAttemptLedger, ensureAttemptIndexes } from './attempt-ledger.ts';
import { createCalls } from './connection/calls.ts';
import { unavailableReason } from './connection/unavailable-reason.ts';
import { createClient, databaseOf, DEFAULT_LIMITS, serverLimitMs, type ClientLimits } from './connection/client.ts';
import { hasForeignIds, raiseCounter } from './contact-ids.ts';
import { endClaims, requireClaims } from './claims/completeness.ts';
import { createMongoContacts, createShardedContacts } from './contacts.ts';
import { collectionsOf } from './documents.ts';
import { ensureIndexes, RETENTION_SECONDS } from './indexes.ts';

const PING_MS = 2_000;
const CLOSE_MS = 3_000;
const FOREIGN_IDS = 'the collection contacts holds documents whose _id is no contact_id; the worker ignores them';

/** The database. Connects on the first call and reconnects by itself. */
export interface Store {
  readonly contacts: ContactRepository;
  readonly attempts: AttemptLedger;
  /**
   * Creates what requests need: indexes and the counter. Idempotent. Rejects with
   * `UnavailableError` if the database is unavailable, with `StoreMismatchError` if a person must
   * act first.
   */
  prepare(): Promise<void>;
  /**
   * Why the database is unavailable, from what `prepare` rejected with; in words, without values.
   */
  unavailableReason(error: unknown): string;
  /** Why the database was unavailable at the last call; `undefined` where that is not known. */
  trouble(): string | undefined;
  /** Resolves when the database answers, rejects within two seconds where it does not. */
  ping(): Promise<void>;
  /** Closes all connections within three seconds. Idempotent; never rejects. */
  close(): Promise<void>;
}

/** Settings beside the URL. */
export interface StoreOptions {
  readonly limits?: ClientLimits;
  readonly tls?: TlsFiles | undefined;
  /** How long keys are kept to recognise repeated requests. */
  readonly retentionSeconds?: number;
  /** Whether claims replace the unique index of creates, see docs/sharding.md. */
  readonly sharded?: boolean;
  /**
   * Called for documents that are not contacts: for each that a list skips, and once at each start.
   */
  readonly foreign?: (why: ItemDefectError) => void;
}

/** Opens the database that the URL's path names. Throws if the URL is invalid. */
export function openStore(url: string, options: StoreOptions = {}): Store {
  const { limits = DEFAULT_LIMITS, retentionSeconds = RETENTION_SECONDS, foreign = () => undefined } = options;
  const { sharded = false } = options;
  const client = createClient(url, limits, options.tls);
  const db = databaseOf(client, limits);
  const collections = collectionsOf(db);
  const calls = createCalls(client, limits);
  // The driver finds out why there is no server after the ping's time limit.
  const noted = (error: unknown): never => {
    calls.note(error);
    throw error;
  };
  const singleMs = serverLimitMs(limits);
  const lists = { singleMs, batchMs: Math.floor(singleMs / 4), skipped: foreign };
  return {
    contacts: sharded
      ? createShardedContacts(collections, lists, retentionSeconds * 1_000, calls.run)
      : createMongoContacts(collections, lists, calls.run),
    attempts: createAttemptLedger(db, calls.run),
    prepare: () =>
      calls.run('prepare the database', async () => {
        // After its first connection failed, a client stays closed until `connect` is called again.
        await client.connect();
        await ensureIndexes(db, retentionSeconds, sharded);
        await ensureAttemptIndexes(db, retentionSeconds);
        await raiseCounter(collections);
        await (sharded ? requireClaims(collections) : endClaims(collections));
        if (await hasForeignIds(collections)) foreign(new ItemDefectError(FOREIGN_IDS));
      }),
    unavailableReason,
    trouble: () => calls.trouble(),
    ping: () => calls.run('ping the database', () => within(PING_MS, 'the database', ping(db).catch(noted))),
    close: async () => {
      calls.stop();
      await within(CLOSE_MS, 'closing the database', client.close(true)).catch(() => undefined);
    },
  };
}

async function ping(db: Db): Promise<void> {
  await db.command({ ping: 1 });
}
