import type { Random } from '../random.ts';

interface PooledContact {
  readonly id: number;
  uses: number;
  /** Its delete was sent: a few requests still ask for it, then nobody. */
  leaving: boolean;
}

/** So many requests are about one contact at most: a contact's history must stay small enough to be checked. */
const MAX_USES = 60;
const USES_AFTER_DELETE = 2;

/** The contacts that requests can be about: those whose create was answered, until they have been used enough. */
export class ContactPool {
  readonly #random: Random;
  readonly #living: PooledContact[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  get size(): number {
    return this.#living.length;
  }

  add(id: number): void {
    this.#living.push({ id, uses: 0, leaving: false });
  }

  /** A contact to ask for; counts as a use. */
  take(): number {
    const at = this.#random.between(0, this.#living.length - 1);
    const contact = this.#living[at];
    if (contact === undefined) throw new Error('there is no contact yet');
    contact.uses += 1;
    if (contact.uses >= MAX_USES) this.#drop(at);
    return contact.id;
  }

  /** A contact to delete. */
  useForDelete(): number {
    const id = this.take();
    const contact = this.#living.find((one) => one.id === id);
    if (contact !== undefined && !contact.leaving) {
      contact.leaving = true;
      contact.uses = Math.max(contact.uses, MAX_USES - USES_AFTER_DELETE);
    }
    return id;
  }

  #drop(at: number): void {
    const last = this.#living.pop();
    if (last !== undefined && at < this.#living.length) this.#living[at] = last;
  }
}
