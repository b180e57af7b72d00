import type { Contact, ContactChanges, ContactFields, ContactId } from './contact.ts';

/**
 * Stands in the place of one item's result: this one cannot be had, now or at a further attempt, and its neighbours are not
 * concerned. The message says why, and holds no stored value but a contact_id.
 */
export class ItemDefectError extends Error {
  override readonly name = 'ItemDefectError';
}

/** Identifies the request behind a write, so that it takes effect once however often it is run. */
export interface EffectKey {
  readonly id: string;
  /** Effects stored under an id with this prefix count as this request's own. */
  readonly earlier?: string;
}

export interface Creation {
  readonly key: EffectKey;
  readonly fields: ContactFields;
}

export interface Update {
  readonly key: EffectKey;
  readonly id: ContactId;
  readonly changes: ContactChanges;
}

export interface Deletion {
  readonly key: EffectKey;
  readonly id: ContactId;
}

/** `repeated`: the effect was there before, from an earlier run of the same request. */
export type WriteOutcome = 'applied' | 'repeated' | 'not-found';

export interface Created {
  readonly id: ContactId;
  readonly repeated: boolean;
}

export interface ContactQuery {
  readonly client_id?: number;
  /** Compared without regard to case. */
  readonly email?: string;
  /** From 1. */
  readonly page: number;
  readonly per_page: number;
}

export interface ContactPage {
  /** Ascending contact_id. */
  readonly contacts: readonly Contact[];
  readonly hasMore: boolean;
}

/**
 * The store of contacts, in domain words. Result `i` belongs to input `i`; one item never fails its neighbours.
 * Each call rejects with `UnavailableError` where the store is away or an outcome is unknown; running it again with the
 * same keys is then safe and right.
 */
export interface ContactRepository {
  /** An `Error` is the store's refusal of this one contact. */
  create(batch: readonly Creation[]): Promise<readonly (Created | Error)[]>;
  /** Ids within a batch are distinct. */
  update(batch: readonly Update[]): Promise<readonly WriteOutcome[]>;
  /** Ids within a batch are distinct. */
  delete(batch: readonly Deletion[]): Promise<readonly WriteOutcome[]>;
  /** What each request made in an earlier run, `undefined` where nothing. Changes nothing, as the next two. */
  findEarlierCreations(batch: readonly Creation[]): Promise<readonly (Created | undefined)[]>;
  /** Whether each request took effect in an earlier run. */
  findEarlierUpdates(batch: readonly Update[]): Promise<readonly boolean[]>;
  findEarlierDeletions(batch: readonly Deletion[]): Promise<readonly boolean[]>;
  /** `ItemDefectError` where there is a document with the id that is no contact. */
  get(ids: readonly ContactId[]): Promise<readonly (Contact | ItemDefectError | undefined)[]>;
  /** `ItemDefectError` where a list, read alone, takes too long. A document that is no contact is left out, and hides no other. */
  list(queries: readonly ContactQuery[]): Promise<readonly (ContactPage | ItemDefectError)[]>;
}
