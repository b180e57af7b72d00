import type { Contact, ContactChanges, ContactFields, ContactId } from './contact.ts';

/**
 * Takes the place of one item's result: this item fails now and at every further attempt. Its
 * neighbours are unaffected. The message gives the reason and quotes no stored value but a
 * contact_id.
 */
export class ItemDefectError extends Error {
  override readonly name = 'ItemDefectError';
}

/** Identifies the request behind a write: however often the write runs, it takes effect once. */
export interface IdempotencyKey {
  readonly id: string;
  /** Effects stored under any id with this prefix count as effects of this request. */
  readonly earlier?: string;
}

export interface Creation {
  readonly key: IdempotencyKey;
  readonly fields: ContactFields;
}

export interface Update {
  readonly key: IdempotencyKey;
  readonly id: ContactId;
  readonly changes: ContactChanges;
}

export interface Deletion {
  readonly key: IdempotencyKey;
  readonly id: ContactId;
}

/** `repeated`: an earlier run of the same request took effect. */
export type WriteOutcome = 'applied' | 'repeated' | 'not-found';

export interface Created {
  readonly id: ContactId;
  readonly repeated: boolean;
}

export interface ContactQuery {
  readonly client_id?: number;
  /** Compared case-insensitively. */
  readonly email?: string;
  /** From 1. */
  readonly page: number;
  readonly per_page: number;
}

export interface ContactPage {
  /** In ascending contact_id. */
  readonly contacts: readonly Contact[];
  readonly hasMore: boolean;
}

/**
 * The store of contacts, in domain terms. Result `i` belongs to input `i`; one item never fails its
 * neighbours. Each call rejects with `UnavailableError` if the store is unavailable or an outcome
 * is unknown. The caller then repeats it with the same keys. Every adapter passes the suite
 * test/support/contact-repository-suite.ts.
 */
export interface ContactRepository {
  /** An `Error` means that the store rejects this one contact. */
  create(batch: readonly Creation[]): Promise<readonly (Created | Error)[]>;
  /** The ids within a batch must be distinct. */
  update(batch: readonly Update[]): Promise<readonly WriteOutcome[]>;
  /** The ids within a batch must be distinct. */
  delete(batch: readonly Deletion[]): Promise<readonly WriteOutcome[]>;
  /**
   * Returns what an earlier run of each request created, else `undefined`. Read-only, like the next
   * two.
   */
  findEarlierCreations(batch: readonly Creation[]): Promise<readonly (Created | undefined)[]>;
  /** Returns whether an earlier run of each request took effect. */
  findEarlierUpdates(batch: readonly Update[]): Promise<readonly boolean[]>;
  findEarlierDeletions(batch: readonly Deletion[]): Promise<readonly boolean[]>;
  /** Returns `ItemDefectError` for an id whose document is not a contact. */
  get(ids: readonly ContactId[]): Promise<readonly (Contact | ItemDefectError | undefined)[]>;
  /**
   * Returns `ItemDefectError` for a list that exceeds its time limit even when read alone. Skips
   * documents that are not contacts.
   */
  list(queries: readonly ContactQuery[]): Promise<readonly (ContactPage | ItemDefectError)[]>;
}
