/** A contact as the API answers it; empty texts stand for "none". */
export interface Contact {
  readonly contactId: number;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone: string;
  readonly mobilePhone: string;
}

/**
 * What `create` needs. Whole numbers from 1 to 2^53−1; names of 1 to 255 characters, phones of up
 * to 64.
 */
export interface NewContact {
  readonly clientId: number;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone?: string | undefined;
  readonly mobilePhone?: string | undefined;
}

/**
 * What `update` changes. What is absent or `undefined` stays as it is; an empty phone is cleared.
 */
export type ContactChanges = { readonly [Field in keyof NewContact]?: NewContact[Field] | undefined };

/** Filters of `listAll`. `email` is compared without regard to case. */
export interface ContactFilter {
  readonly clientId?: number | undefined;
  readonly email?: string | undefined;
  /** Contacts per request; 25 by default, at most the worker's LIST_MAX_PER_PAGE. */
  readonly perPage?: number | undefined;
}

/** Filters of `list`, and the page, from 1. */
export interface ContactQuery extends ContactFilter {
  readonly page?: number | undefined;
}

/** One page of contacts, in ascending order of `contactId`. */
export interface ContactPage {
  readonly contacts: readonly Contact[];
  /** Whether another page follows. */
  readonly hasMore: boolean;
  readonly page: number;
  readonly perPage: number;
}

/** The result of a write. */
export interface WriteResult {
  /**
   * The request had taken effect before: by an earlier call with its `messageId`, or by an
   * automatic retry of this one.
   */
  readonly repeated: boolean;
}

/** The result of `create`. */
export interface Created extends WriteResult {
  readonly contactId: number;
}

/** An answer as it came. */
export interface RawAnswer {
  readonly status: 'ok' | 'fail';
  readonly xml: string;
  readonly headers: Readonly<Record<string, unknown>>;
}
