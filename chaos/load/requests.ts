import type { Action, Fields } from '../journal.ts';
import { poisonRequest } from '../poison.ts';
import type { Random } from '../random.ts';
import {
  createRequest,
  deleteRequest,
  getRequest,
  listRequest,
  request,
  updateRequest,
} from '../../test/support/documents.ts';
import { ContactPool } from './contact-pool.ts';

/** One request, the same at every sending. */
export interface Request {
  readonly id: string;
  readonly action: Action;
  readonly xml: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * Below this many contacts only creates are sent, so that requests do not concentrate on a few
 * contacts.
 */
const MIN_CONTACTS = 60;
const MAX_CONTACTS = 200;
/** Page size of lists; more than a client has contacts. */
export const LIST_PAGE_SIZE = 1_000;
const CONTACTS_PER_CLIENT = 40;

const SHARES: readonly (readonly [kind: Kind, share: number])[] = [
  ['create', 0.14],
  ['update', 0.4],
  ['get', 0.32],
  ['list', 0.03],
  ['delete', 0.07],
  ['invalid', 0.02],
  ['late', 0.018],
  ['poison', 0.002],
];

type Draft = readonly [action: Action, xml: string, headers?: Readonly<Record<string, unknown>>];

type Kind = 'create' | 'update' | 'get' | 'list' | 'delete' | 'invalid' | 'late' | 'poison';

/**
 * Makes requests of every kind, each with unique values, so that a read shows which writes it saw.
 */
export class Requests {
  readonly pool: ContactPool;
  readonly #random: Random;
  readonly #poison: boolean;
  #count = 0;
  #creates = 0;

  constructor(random: Random, { poison = true }: { readonly poison?: boolean } = {}) {
    this.#random = random;
    this.#poison = poison;
    this.pool = new ContactPool(random.branch());
  }

  next(): Request {
    const kind = this.#kind();
    const id = this.#newId();
    const [action, xml, headers = {}] = this.#makers[kind](id);
    return { id, action, xml, headers };
  }

  /** A request that kills its worker. */
  killer(): Request {
    const id = this.#newId();
    return { id, action: { method: 'poison' }, xml: poisonRequest('kills', id), headers: {} };
  }

  #kind(): Kind {
    if (this.pool.size < MIN_CONTACTS) return 'create';
    let left = this.#random.next();
    const kind = SHARES.find(([, share]) => (left -= share) < 0)?.[0] ?? 'update';
    if (kind === 'poison' && !this.#poison) return 'get';
    return kind === 'create' && this.pool.size > MAX_CONTACTS ? 'get' : kind;
  }

  #newId(): string {
    this.#count += 1;
    return `r${this.#count}`;
  }

  readonly #makers: Readonly<Record<Kind, (id: string) => Draft>> = {
    create: () => {
      this.#creates += 1;
      const fields = this.#fields();
      return [{ method: 'contact.create', fields }, createRequest({ ...fields })];
    },
    update: () => {
      const contact = this.pool.use();
      const changes = this.#changes();
      return [{ method: 'contact.update', contact, changes }, updateRequest(contact, { ...changes })];
    },
    get: () => {
      const contact = this.pool.use();
      return [{ method: 'contact.get', contact }, getRequest(contact)];
    },
    delete: () => {
      const contact = this.pool.useForDelete();
      return [{ method: 'contact.delete', contact }, deleteRequest(contact)];
    },
    list: () => {
      const client_id = Math.max(1, this.#client() - this.#random.between(0, 5));
      return [{ method: 'contact.list', client_id }, listRequest({ client_id, per_page: LIST_PAGE_SIZE })];
    },
    invalid: (id) => [{ method: 'invalid' }, this.#invalid(id)],
    late: () => [{ method: 'late' }, createRequest({ ...this.#fields() }), { deadline: Date.now() - 1_000 }],
    poison: (id) => [{ method: 'poison' }, poisonRequest('throws', id)],
  };

  #client(): number {
    return 1 + Math.floor(this.#creates / CONTACTS_PER_CLIENT);
  }

  #fields(): Fields {
    const n = this.#count;
    return {
      client_id: this.#client(),
      first_name: `First ${n}`,
      last_name: `Last ${n}`,
      email: `c${n}@chaos.example`,
      phone: this.#random.chance(0.3) ? '' : `+${n}`,
      mobile_phone: this.#random.chance(0.3) ? '' : `+00${n}`,
    };
  }

  #changes(): Partial<Fields> {
    const { client_id: _unchanged, ...all } = this.#fields();
    const names = this.#random.shuffled(Object.keys(all)).slice(0, this.#random.between(1, 3));
    return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
  }

  #invalid(id: string): string {
    return this.#random.pick([
      `<request method="contact.create"><contact>${id}`,
      request('contact.burn', `<id>${id}</id>`),
      request('contact.create', `<contact><client_id>${id}</client_id></contact>`),
      request('contact.get', `<contact_id>${id}</contact_id>`),
      `<nothing id="${id}"/>`,
    ]);
  }
}
