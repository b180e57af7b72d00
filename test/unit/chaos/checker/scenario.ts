import type { Action, Entry, Fields, FinalContact, FinalState } from '../../../../chaos/journal.ts';
import { contactsAnswer, createdAnswer, failAnswer, okAnswer, type AnswerParts } from './answer-documents.ts';
import type { Run } from './correct-run.ts';

/** The contact of the scenarios; no run of the tests creates as many. */
export const CONTACT_ID = 900_001;

export const CONTACT: Fields = {
  client_id: 77,
  first_name: 'Ada',
  last_name: 'Once',
  email: 'ada@chaos.example',
  phone: '',
  mobile_phone: '+1',
};

const MINUTE = 60e9;

interface RequestOptions {
  readonly id?: string;
  readonly sender?: number;
  readonly confirmed?: boolean;
  /** Concurrent with the request before it. */
  readonly meanwhile?: boolean;
  /** `none`: never answered. */
  readonly answer?: AnswerParts | 'none';
}

/**
 * Builds a scenario about one contact, request by request, each answered before the next is sent,
 * correctly or not.
 */
export class Scenario {
  readonly #entries: Entry[] = [];
  readonly #from: Run;
  #at: number;
  #count = 0;
  #contacts: FinalContact[] = [];

  constructor(from: Run) {
    this.#from = from;
    this.#at = from.entries.reduce((latest, { at }) => Math.max(latest, at), 0) + MINUTE;
  }

  create(fields: Fields = CONTACT, options: RequestOptions = {}): this {
    return this.request({ method: 'contact.create', fields }, createdAnswer(CONTACT_ID), options);
  }

  update(changes: Partial<Fields>, options: RequestOptions = {}): this {
    return this.request({ method: 'contact.update', contact: CONTACT_ID, changes }, okAnswer(), options);
  }

  /** `undefined`: not found. */
  get(seen: Fields | undefined, options: RequestOptions = {}): this {
    const answer = seen === undefined ? failAnswer('NOT_FOUND') : contactsAnswer([[CONTACT_ID, seen]]);
    return this.request({ method: 'contact.get', contact: CONTACT_ID }, answer, options);
  }

  delete(options: RequestOptions = {}): this {
    return this.request({ method: 'contact.delete', contact: CONTACT_ID }, okAnswer(), options);
  }

  list(seen: readonly (readonly [number, Fields])[], options: RequestOptions = {}): this {
    return this.request({ method: 'contact.list', client_id: CONTACT.client_id }, contactsAnswer(seen), options);
  }

  request(action: Action, usual: AnswerParts, options: RequestOptions = {}): this {
    const { sender = 1, confirmed = true, answer = usual, meanwhile = false } = options;
    this.#count += 1;
    const { id = `story-${this.#count}` } = options;
    if (!meanwhile) this.#at += 2000;
    this.#entries.push({ type: 'sent', id, sender, at: this.#at + (meanwhile ? 1 : 0), action, confirmed });
    if (answer !== 'none') this.#entries.push({ type: 'answered', id, at: this.#at + 1000, ...answer });
    return this;
  }

  /** `undefined`: a tombstone. */
  ends(fields: Fields | undefined, contact_id = CONTACT_ID): this {
    const left = fields === undefined ? { contact_id, deleted: true } : { contact_id, deleted: false, fields };
    this.#contacts.push(left);
    return this;
  }

  /** Returns the run followed by the scenario. */
  build(change: Partial<FinalState> = {}): Run {
    const { entries, final } = this.#from;
    const contacts = [...final.contacts, ...this.#contacts];
    return { entries: [...entries, ...this.#entries], final: { ...final, contacts, ...change } };
  }
}
