import { MongoClient, type Db, type Document } from 'mongodb';

import { Random } from '../../chaos/random.ts';
import { CLIENTS, NEW_CLIENTS, person } from '../load/requests.ts';

const AT_ONCE = 5_000;
/**
 * Contacts that exist only to be deleted have ids from here on, far from those that requests
 * create.
 */
const FIRST_DELETABLE = 1_000_000_000;
/**
 * Requests create contacts with ids from here on. They are above all others, since a starting
 * worker raises the counter past the highest id.
 */
const FIRST_CREATED = 1_500_000_000;
const FIRST_OF_LARGE_CLIENT = 5_000_000;
const FIRST_GROWN_CLIENT = 10_000;

/** The contacts of one measured database, inserted without the subject that is measured. */
export class SeededContacts {
  readonly client: MongoClient;
  readonly db: Db;
  readonly #subject: string;
  readonly #random: Random;
  #nextDeletable = FIRST_DELETABLE;
  #unused = FIRST_DELETABLE;
  #people = 0;
  #size = 0;

  constructor(mongodbUrl: string, subject: string, seed: number) {
    this.client = new MongoClient(mongodbUrl, { writeConcern: { w: 'majority', journal: true } });
    this.db = this.client.db();
    this.#subject = subject;
    this.#random = new Random(seed);
  }

  /** Contacts with the ids from 1 to this exist. */
  get size(): number {
    return this.#size;
  }

  /**
   * Inserts contacts into the collections that the subject has prepared, spread evenly over the
   * clients.
   */
  async seed(count: number): Promise<void> {
    await this.insert(1, count, (id) => 1 + ((id - 1) % CLIENTS));
    this.#size = count;
    await this.#setCounter(FIRST_CREATED);
  }

  /** Adds contacts up to `size`; the new ones belong to clients of their own, 25 to each. */
  async growTo(size: number): Promise<void> {
    await this.insert(this.#size + 1, size - this.#size, (id) => FIRST_GROWN_CLIENT + Math.floor(id / 25));
    this.#size = size;
  }

  /** Inserts `count` contacts of one client. */
  async addToClient(client: number, count: number): Promise<void> {
    await this.insert(FIRST_OF_LARGE_CLIENT, count, () => client);
  }

  async #setCounter(next: number): Promise<void> {
    await this.db
      .collection<{ _id: string; next: number }>('counters')
      .updateOne({ _id: 'contact' }, { $max: { next } });
  }

  /** Inserts contacts `first` … `first + count - 1`. */
  async insert(first: number, count: number, clientOf: (id: number) => number): Promise<void> {
    const contacts = this.db.collection<{ _id: number }>('contacts');
    for (let done = 0; done < count; done += AT_ONCE) {
      const documents: { _id: number }[] = [];
      for (let i = done; i < Math.min(count, done + AT_ONCE); i += 1) {
        documents.push({ _id: first + i, ...this.#document(clientOf(first + i), first + i) });
      }
      await contacts.insertMany(documents, { ordered: false });
    }
  }

  /** Inserts contacts until `count` of them are left for `nextDeletable`. */
  async ensureDeletable(count: number): Promise<void> {
    const missing = count - (this.#unused - this.#nextDeletable);
    if (missing <= 0) return;
    await this.insert(this.#unused, missing, () => NEW_CLIENTS.first);
    this.#unused += missing;
  }

  /** Returns a contact to delete, or `undefined` where none is left. */
  nextDeletable(): number | undefined {
    if (this.#nextDeletable >= this.#unused) return undefined;
    this.#nextDeletable += 1;
    return this.#nextDeletable - 1;
  }

  number(): number {
    this.#people += 1;
    return this.#people;
  }

  /** The document as the subject itself would store it. */
  #document(client_id: number, id: number): Document {
    const fields = { client_id, ...person(id, this.#random) };
    if (this.#subject !== 'worker' && this.#subject !== 'other') return fields;
    const now = new Date();
    return { ...fields, email_key: fields.email, created_by: `mseed-${id}`, created_at: now, updated_at: now };
  }
}
