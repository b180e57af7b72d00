import type { Action, Entry, Fields, FinalContact, FinalState } from '../../../../chaos/journal.ts';
import { contactsAnswer, createdAnswer, failAnswer, okAnswer, type AnswerParts } from './answer-documents.ts';
import type { Run } from './correct-run.ts';

/** The contact that stories are about; no run of the tests makes as many. */
export const HERO = 900_001;

export const ONCE: Fields = {
  client_id: 77,
  first_name: 'Ada',
  last_name: 'Once',
  email: 'ada@chaos.example',
  phone: '',
  mobile_phone: '+1',
};

const MINUTE = 60e9;

interface Manner {
  readonly id?: string;
  readonly sender?: number;
  readonly confirmed?: boolean;
  /** Begins with the request before it, so that nobody knows which was first. */
  readonly meanwhile?: boolean;
  /** `none`: never answered. */
  readonly answer?: AnswerParts | 'none';
}

/** Tells what happens to one contact, request by request, each answered before the next is sent; right or wrong, as told. */
export class Story {
  readonly #entries: Entry[] = [];
  readonly #from: Run;
  #at: number;
  #count = 0;
  #contacts: FinalContact[] = [];

  constructor(from: Run) {
    this.#from = from;
    this.#at = from.entries.reduce((latest, { at }) => Math.max(latest, at), 0) + MINUTE;
  }

  create(fields: Fields = ONCE, manner: Manner = {}): this {
    return this.tell({ method: 'contact.create', fields }, createdAnswer(HERO), manner);
  }

  update(changes: Partial<Fields>, manner: Manner = {}): this {
    return this.tell({ method: 'contact.update', contact: HERO, changes }, okAnswer(), manner);
  }

  /** `undefined`: not found. */
  get(seen: Fields | undefined, manner: Manner = {}): this {
    const answer = seen === undefined ? failAnswer('NOT_FOUND') : contactsAnswer([[HERO, seen]]);
    return this.tell({ method: 'contact.get', contact: HERO }, answer, manner);
  }

  delete(manner: Manner = {}): this {
    return this.tell({ method: 'contact.delete', contact: HERO }, okAnswer(), manner);
  }

  list(seen: readonly (readonly [number, Fields])[], manner: Manner = {}): this {
    return this.tell({ method: 'contact.list', client_id: ONCE.client_id }, contactsAnswer(seen), manner);
  }

  tell(action: Action, usual: AnswerParts, manner: Manner = {}): this {
    const { sender = 1, confirmed = true, answer = usual, meanwhile = false } = manner;
    this.#count += 1;
    const { id = `story-${this.#count}` } = manner;
    if (!meanwhile) this.#at += 2000;
    this.#entries.push({ type: 'sent', id, sender, at: this.#at + (meanwhile ? 1 : 0), action, confirmed });
    if (answer !== 'none') this.#entries.push({ type: 'answered', id, at: this.#at + 1000, ...answer });
    return this;
  }

  /** `undefined`: a tombstone. */
  ends(fields: Fields | undefined, contact_id = HERO): this {
    const left = fields === undefined ? { contact_id, deleted: true } : { contact_id, deleted: false, fields };
    this.#contacts.push(left);
    return this;
  }

  /** The run with the story behind it. */
  told(change: Partial<FinalState> = {}): Run {
    const { entries, final } = this.#from;
    const contacts = [...final.contacts, ...this.#contacts];
    return { entries: [...entries, ...this.#entries], final: { ...final, contacts, ...change } };
  }
}
