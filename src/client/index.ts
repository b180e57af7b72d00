import { NO_METHOD } from '../protocol/catalogue.ts';
import { readContact, readCreated, readPage, readRaw, readWritten } from './answers.ts';
import type {
  Contact,
  ContactChanges,
  ContactFilter,
  ContactPage,
  ContactQuery,
  Created,
  NewContact,
  RawAnswer,
  WriteResult,
} from './contact.ts';
import { clientSettings, type CallOptions, type ClientOptions } from './options.ts';
import { Requester, type ClientStats } from './requester.ts';
import { createDocument, deleteDocument, getDocument, listDocument, updateDocument } from './requests.ts';

export type {
  Contact,
  ContactChanges,
  ContactFilter,
  ContactPage,
  ContactQuery,
  Created,
  NewContact,
  RawAnswer,
  WriteResult,
} from './contact.ts';
export type { CallOptions, ClientOptions } from './options.ts';
export type { ClientStats } from './requester.ts';
export type { ClientErrorCode, Problem } from './errors.ts';
export {
  ClosedError,
  ConnectionError,
  ContactsError,
  ExpiredError,
  NotFoundError,
  RequestFailedError,
  TimeoutError,
  UnroutableError,
} from './errors.ts';

/**
 * A client of the contacts worker. It keeps one connection, replaces it when it is lost, and sends
 * the requests without an answer again, with the same `message_id`: each has one effect. Every call
 * ends: with its result, with a `ContactsError`, or with `signal.reason` where its signal is
 * aborted.
 */
export class ContactsClient {
  readonly #requester: Requester;

  private constructor(requester: Requester) {
    this.#requester = requester;
  }

  /**
   * Opens a connection. Rejects with `ConnectionError` when each URL has failed once, or after
   * `timeoutMs`, and with `ContactsError` (INVALID_ARGUMENT) where an option cannot be used. Later
   * losses are retried until `close`.
   */
  static async connect(options?: ClientOptions): Promise<ContactsClient> {
    const settings = clientSettings(options);
    const several = settings.queues > 1 ? await import('../codec/routing-key.ts') : {};
    const requester = new Requester({ ...settings, ...several });
    try {
      await requester.connected();
    } catch (error) {
      // It waits for attempts under way, which the caller need not do. It never rejects.
      void requester.close();
      throw error;
    }
    return new ContactsClient(requester);
  }

  /** Creates a contact. Rejects with `RequestFailedError` where it is not valid. */
  create(contact: NewContact, options?: CallOptions): Promise<Created> {
    return this.#requester.call(() => createDocument(contact), options, readCreated);
  }

  /**
   * Changes the given fields; the others stay. Rejects with `NotFoundError` where there is no such
   * contact.
   */
  update(contactId: number, changes: ContactChanges, options?: CallOptions): Promise<WriteResult> {
    return this.#requester.call(() => updateDocument(contactId, changes), options, readWritten);
  }

  /** Rejects with `NotFoundError` where there is no such contact. */
  get(contactId: number, options?: CallOptions): Promise<Contact> {
    return this.#requester.call(() => getDocument(contactId), options, readContact);
  }

  /** Rejects with `NotFoundError` where there is no such contact. */
  delete(contactId: number, options?: CallOptions): Promise<WriteResult> {
    return this.#requester.call(() => deleteDocument(contactId), options, readWritten);
  }

  /** Reads one page; a page beyond the last is empty. */
  list(query: ContactQuery = {}, options?: CallOptions): Promise<ContactPage> {
    return this.#requester.call(() => listDocument(query), options, readPage);
  }

  /**
   * Reads all pages, one after another, each with these options. No contact comes twice. One may be
   * left out where contacts before it are deleted, or change so that the filter does not fit them,
   * while the pages are read.
   */
  async *listAll(filter: ContactFilter = {}, options?: CallOptions): AsyncGenerator<Contact, void, undefined> {
    let last = 0;
    for (let page = 1, more = true; more; page += 1) {
      const { contacts, hasMore } = await this.list({ ...filter, page }, options);
      for (const contact of contacts) {
        if (contact.contactId <= last) continue;
        last = contact.contactId;
        yield contact;
      }
      more = hasMore;
    }
  }

  /** Sends a document as it is. A failure answer is a result here, not an error. */
  request(xml: string | Uint8Array, options?: CallOptions): Promise<RawAnswer> {
    return this.#requester.call(() => ({ method: NO_METHOD, body: bytesOf(xml) }), options, readRaw);
  }

  get stats(): ClientStats {
    return this.#requester.stats;
  }

  /**
   * Closes the connection. Calls that have not ended reject with `ClosedError` at once, as later
   * ones do. Idempotent; never rejects, and takes at most ten seconds where the broker is silent.
   */
  close(): Promise<void> {
    return this.#requester.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function bytesOf(xml: string | Uint8Array): Buffer {
  return typeof xml === 'string' ? Buffer.from(xml, 'utf8') : Buffer.from(xml);
}
