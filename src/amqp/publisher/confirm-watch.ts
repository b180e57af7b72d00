import type { PublishChannel } from './publish-channel.ts';
import type { Destination, Pending } from './pending.ts';
import type { IsolatedChannels } from './isolated-channels.ts';

/** Ticks until a message without a confirm is given up, and until it counts as slow. */
const DEADLINE = 30;
const SLOW = 2;
/** A lane on which a message was given up is replaced after so many more, as amqplib keeps a word for each of them. */
const MAX_KEPT_WHEN_IDLE = 10_000;
const MAX_KEPT = 1_000_000;

export interface ConfirmWatchHost {
  /** The main lane, where there is one that the broker reads. */
  main(): PublishChannel | undefined;
  readonly isolatedChannels: IsolatedChannels;
  /** Nothing is confirmed there, though messages sent later to others are. */
  stalled(destination: Destination): void;
  abandon(channel: PublishChannel, pending: Pending): void;
  rebuild(reason: string, isPlanned?: boolean): void;
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
  #probe: { readonly channel: PublishChannel; readonly since: number } | undefined;
  /** The last tick at which the main lane confirmed anything. */
  #confirmedAt = 0;
  /** When the youngest message was sent that a queue has taken. */
  #lastRoutedSentAt = 0;

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
  recordConfirm(): void {
    this.#confirmedAt = this.now;
  }

  /** A queue has taken this message. */
  recordRouted({ sentAt }: Pending): void {
    if (sentAt > this.#lastRoutedSentAt) this.#lastRoutedSentAt = sentAt;
  }

  /** Whether the broker has confirmed something on the main lane in a later tick than this message was sent in. */
  confirmedAfter({ sentAt }: Pending): boolean {
    return this.#confirmedAt > sentAt;
  }

  #tick(): void {
    const main = this.#host.main();
    if (main === undefined) return;
    this.now += 1;
    let needsProbe = false;
    for (const pending of main.unconfirmed.values()) {
      if (this.now - pending.sentAt < SLOW) break;
      needsProbe = !this.#check(main, pending, main.processed > pending.sequence) || needsProbe;
    }
    needsProbe = this.#checkIsolatedChannels() || needsProbe;
    if (needsProbe) this.#probeMain(main);
    this.#replaceLeaky(main);
  }

  /** Whether a probe is needed. */
  #checkIsolatedChannels(): boolean {
    const { isolatedChannels } = this.#host;
    let needsProbe = false;
    let stuck = 0;
    let isOldest = true;
    for (const [channel, pending] of isolatedChannels.busy) {
      if (this.now - pending.sentAt < SLOW) break;
      // The oldest makes room where others wait for a lane.
      const makesRoom = isOldest && isolatedChannels.exhausted && this.#lastRoutedSentAt > pending.sentAt;
      isOldest = false;
      if (makesRoom) {
        this.#host.abandon(channel, pending);
        continue;
      }
      needsProbe = !this.#check(channel, pending, this.confirmedAfter(pending)) || needsProbe;
      if (channel.unconfirmed.size > 0) stuck += 1;
    }
    isolatedChannels.stuck(stuck);
    return needsProbe;
  }

  /** Gives it up where it is time; returns `wentOn`. */
  #check(channel: PublishChannel, pending: Pending, brokerContinued: boolean): boolean {
    if (brokerContinued && this.now - pending.sentAt >= DEADLINE) this.#host.abandon(channel, pending);
    else if (this.#lastRoutedSentAt > pending.sentAt) this.#host.stalled(pending.destination);
    return brokerContinued;
  }

  /** Asks the main lane for a sign of life. */
  #probeMain(main: PublishChannel): void {
    const probe = this.#probe;
    if (probe?.channel === main) {
      if (this.now - probe.since > this.#probeTicks) this.#host.rebuild('a confirm did not come in time');
      return;
    }
    const asked = { channel: main, since: this.now };
    this.#probe = asked;
    void main.probe().then((confirmed) => {
      if (this.#probe === asked) this.#probe = undefined;
      if (confirmed && this.#host.main() === main) this.recordConfirm();
    });
  }

  #replaceLeaky(main: PublishChannel): void {
    if (main.firstAbandoned === undefined) return;
    const kept = main.sequence - main.firstAbandoned;
    if (kept > (main.unconfirmed.size === 0 ? MAX_KEPT_WHEN_IDLE : MAX_KEPT)) {
      this.#host.rebuild('the channel is renewed, as a confirm never came', true);
    }
  }
}
