import type { Answered } from '../journal.ts';
import type { Random } from '../random.ts';
import { contactIdIn } from '../../test/support/documents.ts';
import type { Request, Requests } from './requests.ts';
import type { LoadSender } from './sender.ts';

/** Requests in flight per sender at full load. */
const WINDOW = 64;
const REPEAT_AT_ONCE = 0.03;
const REPEAT_ELSEWHERE = 0.02;
const REPEAT_LATER = 0.03;
const MAX_REPEAT_DELAY_MS = 15_000;
const RETRY_MS = 50;

interface InFlight {
  readonly answered: Promise<void>;
  readonly settle: () => void;
  /** Sends it, again if it was sent before; resolves when the broker confirmed it. */
  readonly publish: () => Promise<void>;
}

/** Opens the sender of this number. */
export type OpenSender = (number: number, onAnswer: (answer: Answered) => void) => LoadSender;

/**
 * All senders together: they keep a window of requests in flight, repeat some on purpose, and can
 * be paused.
 */
export class Load {
  readonly #senders: readonly LoadSender[];
  readonly #requests: Requests;
  readonly #random: Random;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #creates = new Set<string>();
  readonly #repeats = new Set<Promise<void>>();
  readonly #publishing = new Set<Promise<void>>();
  #paused: Promise<void> = Promise.resolve();
  #resume: () => void = () => undefined;
  #loops: Promise<void>[] = [];
  #allowance = 0;
  #wake: (() => void)[] = [];
  #ending = false;
  #remembered: (() => Promise<void>)[] | undefined;
  /** Requests sent so far, repeats excluded. */
  sent = 0;
  /** First answers so far. */
  answered = 0;

  constructor(count: number, open: OpenSender, requests: Requests, random: Random) {
    this.#requests = requests;
    this.#random = random;
    this.#senders = Array.from({ length: count }, (_, index) => open(index + 1, (answer) => this.#answered(answer)));
  }

  /** Resolves when every sender has its reply queue. */
  async connected(): Promise<void> {
    await Promise.all(this.#senders.map((sender) => sender.connected));
  }

  start(): void {
    for (const sender of this.#senders) {
      for (let n = 0; n < WINDOW; n += 1) this.#loops.push(this.#loop(sender, this.#random.branch()));
    }
  }

  /** Requests that are sent and not answered yet. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** The ids of these requests, the oldest first. */
  get unanswered(): readonly string[] {
    return [...this.#inFlight.keys()];
  }

  /** Allows this many more requests, as fast as the window permits, and no others. */
  allow(requests: number): void {
    this.#allowance = requests;
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Resolves when everything in flight now is answered. */
  async caughtUp(): Promise<void> {
    await Promise.all([...this.#inFlight.values()].map(({ answered }) => answered));
  }

  /**
   * Pauses: resolves when nothing is being sent and everything sent is answered. Planned repeats
   * wait for `resume`.
   */
  async pause(): Promise<void> {
    this.#allowance = 0;
    this.#paused = new Promise((resolve) => (this.#resume = resolve));
    while (this.#inFlight.size > 0 || this.#publishing.size > 0) {
      await this.caughtUp();
      await Promise.all(this.#publishing);
    }
  }

  resume(): void {
    this.#resume();
  }

  /** Keeps what is sent from now on, and what is in flight now, for `sendAgain`. */
  remember(): void {
    this.#remembered = [...this.#inFlight.values()].map(({ publish }) => publish);
  }

  /**
   * Sends everything remembered once more, in its order. Resolves with the number of requests when
   * the broker has confirmed them.
   */
  async sendAgain(): Promise<number> {
    const again = this.#remembered ?? [];
    this.#remembered = undefined;
    await Promise.all(again.map((publish) => publish()));
    return again.length;
  }

  /** Stops waiting for what is in flight. A late answer is still recorded. */
  abandon(): void {
    for (const { settle } of this.#inFlight.values()) settle();
    this.#inFlight.clear();
  }

  /** Sends a request that kills its worker; resolves when it is answered. */
  async sendKiller(): Promise<void> {
    await this.#send(this.#requests.killer(), this.#random.pick(this.#senders), this.#random);
  }

  /** Sends no more requests; resolves when the last one is answered. */
  async end(): Promise<void> {
    this.#ending = true;
    this.allow(0);
    await Promise.all(this.#loops);
    await Promise.all(this.#repeats);
    await this.caughtUp();
  }

  async close(): Promise<void> {
    this.#ending = true;
    this.allow(0);
    await Promise.all(this.#senders.map((sender) => sender.close()));
  }

  async #loop(sender: LoadSender, random: Random): Promise<void> {
    while (!this.#ending) {
      if (this.#allowance <= 0) {
        await new Promise<void>((resolve) => this.#wake.push(resolve));
        continue;
      }
      this.#allowance -= 1;
      this.sent += 1;
      await this.#send(this.#requests.next(), sender, random);
    }
  }

  async #send(request: Request, sender: LoadSender, random: Random): Promise<void> {
    let settle: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (settle = resolve));
    const publish = (): Promise<void> => this.#untilConfirmed(request, sender);
    this.#inFlight.set(request.id, { answered, settle, publish });
    this.#remembered?.push(publish);
    if (request.action.method === 'contact.create') this.#creates.add(request.id);
    this.#scheduleRepeats(request, sender, random);
    await publish();
    await answered;
  }

  /**
   * An unconfirmed request may be lost, so it is sent again; if it was not lost, that is one more
   * repeat.
   */
  async #untilConfirmed(request: Request, sender: LoadSender): Promise<void> {
    const publish = async (): Promise<void> => {
      while (!(await sender.publish(request))) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    };
    const publishing = publish();
    this.#publishing.add(publishing);
    await publishing.finally(() => this.#publishing.delete(publishing));
  }

  #scheduleRepeats(request: Request, sender: LoadSender, random: Random): void {
    // A repeated read reads again: its answer shows another moment.
    if (['contact.get', 'contact.list'].includes(request.action.method)) return;
    if (random.chance(REPEAT_AT_ONCE)) this.#repeat(request, sender, 0);
    if (random.chance(REPEAT_ELSEWHERE)) this.#repeat(request, random.pick(this.#senders), 0);
    if (random.chance(REPEAT_LATER)) {
      this.#repeat(request, random.pick(this.#senders), random.between(1, MAX_REPEAT_DELAY_MS));
    }
  }

  #repeat(request: Request, sender: LoadSender, delayMs: number): void {
    const repeat = new Promise((resolve) => setTimeout(resolve, delayMs))
      .then(() => this.#paused)
      .then(() => this.#untilConfirmed(request, sender));
    this.#repeats.add(repeat);
    void repeat.finally(() => this.#repeats.delete(repeat));
  }

  #answered({ id, status, xml }: Answered): void {
    const inFlight = this.#inFlight.get(id);
    if (inFlight === undefined) return;
    this.#inFlight.delete(id);
    this.answered += 1;
    if (this.#creates.delete(id) && status === 'ok') this.#requests.pool.add(contactIdIn(xml));
    inFlight.settle();
  }
}
