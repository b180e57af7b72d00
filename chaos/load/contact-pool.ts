import type { Random } from '../random.ts';

interface PooledContact {
  readonly id: number;
  uses: number;
  /** Its delete was sent: a few requests still use it, then none. */
  deleting: boolean;
}

/** Most requests about one contact: its history must stay small enough to be checked. */
const MAX_USES = 60;
const USES_AFTER_DELETE = 2;

/** The contacts that requests can be about: their create was answered, and they have uses left. */
export class ContactPool {
  readonly #random: Random;
  readonly #contacts: PooledContact[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  get size(): number {
    return this.#contacts.length;
  }

  add(id: number): void {
    this.#contacts.push({ id, uses: 0, deleting: false });
  }

  /** Returns a contact for a request; counts as a use. */
  use(): number {
    const at = this.#random.between(0, this.#contacts.length - 1);
    const contact = this.#contacts[at];
    if (contact === undefined) throw new Error('there is no contact yet');
    contact.uses += 1;
    if (contact.uses >= MAX_USES) this.#drop(at);
    return contact.id;
  }

  /** Returns a contact to delete. */
  useForDelete(): number {
    const id = this.use();
    const contact = this.#contacts.find((one) => one.id === id);
    if (contact !== undefined && !contact.deleting) {
      contact.deleting = true;
      contact.uses = Math.max(contact.uses, MAX_USES - USES_AFTER_DELETE);
    }
    return id;
  }

  #drop(at: number): void {
    const last = this.#contacts.pop();
    if (last !== undefined && at < this.#contacts.length) this.#contacts[at] = last;
  }
}
