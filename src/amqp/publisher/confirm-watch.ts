import type { PublishLane } from './publish-lane.ts';
import type { Destination, Pending } from './pending.ts';
import type { SideLanes } from './side-lanes.ts';

/** Ticks until a message without a confirm is given up, and until it counts as slow. */
const DEADLINE = 30;
const SLOW = 2;
/** A lane on which a message was given up is replaced after so many more, as amqplib keeps a word for each of them. */
const MAX_KEPT_WHEN_IDLE = 10_000;
const MAX_KEPT = 1_000_000;

export interface ConfirmWatchHost {
  /** The main lane, where there is one that the broker reads. */
  main(): PublishLane | undefined;
  readonly sideLanes: SideLanes;
  /** Nothing is confirmed there, though messages sent later to others are. */
  silent(destination: Destination): void;
  giveUp(lane: PublishLane, pending: Pending): void;
  rebuild(reason: string, isBrief?: boolean): void;
}

/**
 * Tells a confirm that does not come from a link that does not work: a message is given up at its deadline only where
 * the broker has gone on after it; where it has not, a probe that goes nowhere is sent, and a lane that does not even
 * confirm that is replaced. Time is counted in ticks of a timer, so that a process that was stopped for a while, or
 * a broker that has stopped reading, does not make anything late.
 */
export class ConfirmWatch {
  readonly deadline = DEADLINE;
  /** After how many milliseconds a message counts as slow. */
  readonly slowMs: number;
  /** Ticks so far. */
  now = 0;
  readonly #host: ConfirmWatchHost;
  readonly #timer: NodeJS.Timeout;
  readonly #probeTicks: number;
  #probe: { readonly lane: PublishLane; readonly since: number } | undefined;
  /** The last tick at which the main lane confirmed anything. */
  #aliveAt = 0;
  /** When the youngest message was sent that a queue has taken. */
  #takenSentAt = 0;

  constructor(limits: { readonly confirmTimeoutMs: number; readonly callTimeoutMs: number }, host: ConfirmWatchHost) {
    const tickMs = Math.max(10, limits.confirmTimeoutMs / DEADLINE);
    this.slowMs = SLOW * tickMs;
    this.#probeTicks = Math.max(SLOW, Math.ceil(limits.callTimeoutMs / tickMs));
    this.#host = host;
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The main lane has confirmed something. */
  alive(): void {
    this.#aliveAt = this.now;
  }

  /** A queue has taken this message. */
  taken({ sentAt }: Pending): void {
    if (sentAt > this.#takenSentAt) this.#takenSentAt = sentAt;
  }

  /** Whether the broker has confirmed something on the main lane in a later tick than this message was sent in. */
  wentOnAfter({ sentAt }: Pending): boolean {
    return this.#aliveAt > sentAt;
  }

  #tick(): void {
    const main = this.#host.main();
    if (main === undefined) return;
    this.now += 1;
    let unsure = false;
    for (const pending of main.unconfirmed.values()) {
      if (this.now - pending.sentAt < SLOW) break;
      unsure = !this.#judge(main, pending, main.processed > pending.sequence) || unsure;
    }
    unsure = this.#judgeSideLanes() || unsure;
    if (unsure) this.#ask(main);
    this.#renew(main);
  }

  /** Whether a probe is needed. */
  #judgeSideLanes(): boolean {
    const { sideLanes } = this.#host;
    let unsure = false;
    let stuck = 0;
    let isOldest = true;
    for (const [lane, pending] of sideLanes.busy) {
      if (this.now - pending.sentAt < SLOW) break;
      // The oldest makes room where others wait for a lane.
      const makesRoom = isOldest && sideLanes.exhausted && this.#takenSentAt > pending.sentAt;
      isOldest = false;
      if (makesRoom) {
        this.#host.giveUp(lane, pending);
        continue;
      }
      unsure = !this.#judge(lane, pending, this.wentOnAfter(pending)) || unsure;
      if (lane.unconfirmed.size > 0) stuck += 1;
    }
    sideLanes.stuck(stuck);
    return unsure;
  }

  /** Gives it up where it is time; returns `wentOn`. */
  #judge(lane: PublishLane, pending: Pending, wentOn: boolean): boolean {
    if (wentOn && this.now - pending.sentAt >= DEADLINE) this.#host.giveUp(lane, pending);
    else if (this.#takenSentAt > pending.sentAt) this.#host.silent(pending.destination);
    return wentOn;
  }

  /** Asks the main lane for a sign of life. */
  #ask(main: PublishLane): void {
    const probe = this.#probe;
    if (probe?.lane === main) {
      if (this.now - probe.since > this.#probeTicks) this.#host.rebuild('a confirm did not come in time');
      return;
    }
    const asked = { lane: main, since: this.now };
    this.#probe = asked;
    void main.probe().then((confirmed) => {
      if (this.#probe === asked) this.#probe = undefined;
      if (confirmed && this.#host.main() === main) this.alive();
    });
  }

  #renew(main: PublishLane): void {
    if (main.firstAbandoned === undefined) return;
    const kept = main.sequence - main.firstAbandoned;
    if (kept > (main.unconfirmed.size === 0 ? MAX_KEPT_WHEN_IDLE : MAX_KEPT)) {
      this.#host.rebuild('the channel is renewed, as a confirm never came', true);
    }
  }
}
