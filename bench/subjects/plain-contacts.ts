import type { Collection, Db, MongoClientOptions } from 'mongodb';

/** The caller's fault. */
export class RequestError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A contact as it is stored. */
export interface Stored {
  _id: number;
  client_id: number;
  first_name: string;
  last_name: string;
  email: string;
  phone?: string;
  mobile_phone?: string;
}

type Fields = Readonly<Record<string, string>>;

const TEXTS = ['first_name', 'last_name', 'email', 'phone', 'mobile_phone'] as const;
const MAX_LENGTH = 255;

/** A small pool, and the durability that this project's worker has. */
export const CLIENT_OPTIONS: MongoClientOptions = {
  maxPoolSize: 24,
  writeConcern: { w: 'majority', journal: true },
  readConcern: { level: 'majority' },
};

/** Runs one database operation for each request. */
export class PlainContacts {
  readonly #contacts: Collection<Stored>;
  readonly #counters: Collection<{ _id: string; next: number }>;

  constructor(db: Db) {
    this.#contacts = db.collection('contacts');
    this.#counters = db.collection('counters');
  }

  async prepare(): Promise<void> {
    await this.#contacts.createIndex({ client_id: 1, _id: 1 });
    await this.#contacts.createIndex({ email: 1, _id: 1 });
    await this.#counters.updateOne({ _id: 'contact' }, { $setOnInsert: { next: 1 } }, { upsert: true });
  }

  async create(fields: Fields): Promise<number> {
    const contact = { client_id: idOf(fields, 'client_id'), ...texts(fields) } as Omit<Stored, '_id'>;
    if (!contact.first_name || !contact.last_name || !contact.email)
      throw new RequestError('INVALID_PARAMS', 'a field is missing');
    const counter = await this.#counters.findOneAndUpdate({ _id: 'contact' }, { $inc: { next: 1 } });
    if (counter === null) throw new Error('there is no counter');
    await this.#contacts.insertOne({ _id: counter.next, ...contact });
    return counter.next;
  }

  async get(fields: Fields): Promise<Stored> {
    const contact = await this.#contacts.findOne({ _id: idOf(fields, 'contact_id') });
    if (contact === null) throw new RequestError('NOT_FOUND', 'there is no such contact');
    return contact;
  }

  async update(fields: Fields): Promise<number> {
    const { matchedCount } = await this.#contacts.updateOne(
      { _id: idOf(fields, 'contact_id') },
      { $set: texts(fields) },
    );
    if (matchedCount === 0) throw new RequestError('NOT_FOUND', 'there is no such contact');
    return matchedCount;
  }

  async delete(fields: Fields): Promise<number> {
    const { deletedCount } = await this.#contacts.deleteOne({ _id: idOf(fields, 'contact_id') });
    if (deletedCount === 0) throw new RequestError('NOT_FOUND', 'there is no such contact');
    return deletedCount;
  }

  list(fields: Fields): Promise<Stored[]> {
    const page = Number(fields['page'] ?? 1);
    const perPage = Number(fields['per_page'] ?? 25);
    return this.#contacts
      .find({ client_id: idOf(fields, 'client_id') })
      .sort({ _id: 1 })
      .skip((page - 1) * perPage)
      .limit(perPage)
      .toArray();
  }
}

function idOf(fields: Fields, name: string): number {
  const id = Number(fields[name]);
  if (!Number.isSafeInteger(id) || id < 1) throw new RequestError('INVALID_PARAMS', `${name} is not an id`);
  return id;
}

function texts(fields: Fields): Partial<Stored> {
  const given: Partial<Stored> = {};
  for (const name of TEXTS) {
    const text = fields[name];
    if (text === undefined) continue;
    if (text.length > MAX_LENGTH) throw new RequestError('INVALID_PARAMS', `${name} is too long`);
    given[name] = text.trim();
  }
  return given;
}
