import type { Action, Entry, Fields, FinalState } from '../../../../chaos/journal.ts';
import { Random } from '../../../../chaos/random.ts';
import { contactsAnswer, createdAnswer, failAnswer, okAnswer, type AnswerParts } from './answer-documents.ts';
import { Timeline } from './timeline.ts';

/** The shape of a run. Times are in nanoseconds of a simulated clock. */
export interface Shape {
  readonly seed: number;
  readonly requests: number;
  /** About this many contacts are used; the fewer, the more requests are concurrent. */
  readonly contacts: number;
  readonly senders: number;
  /**
   * Longest time from sending to effect, and from effect to answer. A request is sent every 1000.
   */
  readonly latency: number;
  /** Share of requests that are sent more than once, and share of those not confirmed. */
  readonly repeated: number;
  readonly unconfirmed: number;
  /** Nothing takes effect during the middle tenth of the run; all of it does afterwards. */
  readonly outage: boolean;
  /** Whether contacts are deleted; if not, all requests use the first ones. */
  readonly deleting: boolean;
  /** One worker and no fault: effects and answers in the order of sending. */
  readonly inOrder: boolean;
}

export interface Run {
  readonly entries: readonly Entry[];
  readonly final: FinalState;
}

export const PLAIN: Shape = {
  seed: 1,
  requests: 300,
  contacts: 10,
  senders: 4,
  latency: 20_000,
  repeated: 0.05,
  unconfirmed: 0.02,
  outage: false,
  deleting: true,
  inOrder: false,
};

const STEP = 1000;
const CLIENTS = 4;

/** Returns what the senders of a correct system record. The same shape gives the same run. */
export function correctRun(shape: Partial<Shape> = {}): Run {
  return new System({ ...PLAIN, ...shape }).run();
}

class System {
  readonly #shape: Shape;
  readonly #random: Random;
  readonly #time = new Timeline();
  readonly #entries: Entry[] = [];
  readonly #contacts = new Map<number, Fields | undefined>();
  readonly #known: number[] = [];
  readonly #deadLetters: string[] = [];
  #latestEffect = 0;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.#random = new Random(shape.seed);
  }

  run(): Run {
    for (let n = 0; n < this.#shape.requests; n += 1) {
      this.#time.plan((n + 1) * STEP, () => this.#send(`r${n}`, n));
    }
    const middle = (this.#shape.requests * STEP) / 2;
    if (this.#shape.outage) this.#note({ type: 'fault', name: 'outage', phase: 'begins', at: middle });
    if (this.#shape.outage) this.#note({ type: 'fault', name: 'outage', phase: 'ends', at: middle * 1.2 });
    this.#time.run();
    const contacts = [...this.#contacts].map(([contact_id, fields]) =>
      fields === undefined ? { contact_id, deleted: true } : { contact_id, deleted: false, fields },
    );
    const memory = { peakMemoryMiB: 100, memoryBoundMiB: 400 };
    return {
      entries: this.#entries,
      final: { contacts, requestQueueDepth: 0, deadLetters: this.#deadLetters, ...memory },
    };
  }

  #note(entry: Entry): void {
    this.#entries.push(entry);
  }

  #send(id: string, n: number): void {
    const { unconfirmed, repeated, senders, inOrder } = this.#shape;
    const action = this.#action(n);
    const sender = this.#random.between(1, senders);
    const at = this.#time.now;
    const confirmed = !this.#random.chance(unconfirmed);
    this.#note({ type: 'sent', id, sender, at, action, confirmed });
    // An unconfirmed request may not exist at all, or its answer may be lost with its sender's
    // connection.
    if (!confirmed && this.#random.chance(0.4)) return;
    const answered = confirmed || this.#random.chance(0.5);
    const again = !inOrder && confirmed && this.#random.chance(repeated);
    if (again) {
      const later = at + this.#random.between(1, this.#shape.latency * 3);
      this.#note({ type: 'sent', id, sender: this.#random.between(1, senders), at: later, action, confirmed: true });
    }
    this.#time.plan(this.#effectAt(at), () => this.#execute(id, action, answered, again));
  }

  #effectAt(sent: number): number {
    const { latency, outage, inOrder, requests } = this.#shape;
    const middle = (requests * STEP) / 2;
    const delayed = outage && sent > middle * 0.98 && sent < middle * 1.2 ? middle * 1.2 : sent;
    const effect = delayed + this.#random.between(1, latency);
    if (!inOrder) return effect;
    return (this.#latestEffect = Math.max(effect, this.#latestEffect + 1));
  }

  #action(n: number): Action {
    const chance = this.#random.next();
    if (chance < 0.02) return { method: this.#random.pick(['poison', 'invalid', 'late'] as const) };
    if (this.#known.length < this.#shape.contacts || (this.#shape.deleting && chance < 0.06)) {
      return { method: 'contact.create', fields: this.#fields(n) };
    }
    if (chance < 0.12) return { method: 'contact.list', client_id: this.#random.between(1, CLIENTS) };
    const contact =
      this.#known[
        this.#random.between(Math.max(0, this.#known.length - this.#shape.contacts), this.#known.length - 1)
      ]!;
    if (chance < 0.16 && this.#shape.deleting) return { method: 'contact.delete', contact };
    if (chance < 0.55) return { method: 'contact.get', contact };
    const names = this.#random.shuffled(Object.keys(this.#fields(n))).slice(0, this.#random.between(1, 3));
    const changes = Object.fromEntries(Object.entries(this.#fields(n)).filter(([name]) => names.includes(name)));
    return { method: 'contact.update', contact, changes };
  }

  #fields(n: number): Fields {
    const names = { first_name: `F${n} & <co>`, last_name: `L${n} &amp;\r`, email: `e${n}@chaos.example` };
    return { client_id: 1 + (n % CLIENTS), ...names, phone: n % 3 === 0 ? '' : `+${n}`, mobile_phone: '' };
  }

  #execute(id: string, action: Action, answered: boolean, again: boolean): void {
    const effect = this.#time.now;
    const { latency, inOrder } = this.#shape;
    const at = inOrder ? effect : effect + this.#random.between(0, latency);
    const readAnswer = this.#perform(id, action);
    this.#time.plan(at, () => {
      const answer = readAnswer();
      if (!answered) return;
      const { xml } = answer;
      this.#note({ type: 'answered', id, at, ...answer });
      if (again) this.#note({ type: 'answered', id, at: at + this.#random.between(1, latency), ...answer });
      const made = action.method === 'contact.create' ? /<contact_id>(\d+)/.exec(xml) : null;
      if (made !== null) this.#known.push(Number(made[1]));
    });
  }

  /** Takes effect now; returns a function that reads the answer when it is sent. */
  #perform(id: string, action: Action): () => AnswerParts {
    if (action.method === 'contact.list') return this.#list(action.client_id);
    const answer = this.#answerTo(id, action);
    return () => answer;
  }

  #answerTo(id: string, action: Action): AnswerParts {
    if (action.method === 'poison') {
      this.#deadLetters.push(id);
      return failAnswer('INTERNAL_ERROR');
    }
    if (action.method === 'invalid') return failAnswer('INVALID_PARAMS', 'INVALID_PARAMS');
    if (action.method === 'late') return failAnswer('EXPIRED');
    if (action.method === 'contact.create') {
      const contact = this.#contacts.size + 1;
      this.#contacts.set(contact, action.fields);
      return createdAnswer(contact);
    }
    if (!('contact' in action)) throw new Error(`${action.method} is not answered here`);
    const fields = this.#contacts.get(action.contact);
    if (fields === undefined) return failAnswer('NOT_FOUND');
    if (action.method === 'contact.get') return contactsAnswer([[action.contact, fields]]);
    this.#contacts.set(
      action.contact,
      action.method === 'contact.update' ? { ...fields, ...action.changes } : undefined,
    );
    return okAnswer();
  }

  /** A list reads some contacts now and the others when it answers. */
  #list(client: number): () => AnswerParts {
    const middle = this.#contacts.size / 2;
    const early = this.#contactsOf(client).filter(([contact]) => contact <= middle);
    return () => {
      const late = this.#contactsOf(client).filter(([contact]) => contact > middle);
      return contactsAnswer([...early, ...late].slice(0, 25));
    };
  }

  #contactsOf(client: number): [number, Fields][] {
    const found = [...this.#contacts].filter((entry): entry is [number, Fields] => entry[1]?.client_id === client);
    return found.toSorted(([a], [b]) => a - b);
  }
}
