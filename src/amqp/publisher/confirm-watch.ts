import type { PublishChannel } from './publish-channel.ts';
import type { Destination, Pending } from './pending.ts';
import type { IsolatedChannels } from './isolated-channels.ts';
import type { MajorityWatch } from './majority.ts';

/** Ticks until an unconfirmed message is abandoned, and until it counts as slow. */
const DEADLINE = 30;
const SLOW = 2;
/**
 * How many further messages a channel may carry after one was abandoned on it, before it is
 * replaced: amqplib keeps an entry for each of them.
 */
const MAX_KEPT_WHEN_IDLE = 10_000;
const MAX_KEPT = 1_000_000;

export interface ConfirmWatchLimits {
  readonly confirmTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly majority: MajorityWatch;
}

export interface ConfirmWatchHost {
  /**
   * The main channel; `undefined` where there is none, or the broker does not read its connection.
   */
  main(): PublishChannel | undefined;
  readonly isolatedChannels: IsolatedChannels;
  /** Whether a queue nacked a message that is retried. */
  retrying(): boolean;
  /** The destination confirms nothing, though later messages to others are confirmed. */
  stalled(destination: Destination): void;
  abandon(channel: PublishChannel, pending: Pending): void;
  /** Frees these isolated channels for others; the messages are sent again later. */
  withdraw(silent: readonly (readonly [PublishChannel, Pending])[]): void;
  rebuild(reason: string, isPlanned?: boolean): void;
}

/**
 * Distinguishes a destination that does not confirm from a channel that does not work. A message is
 * abandoned at its deadline only if the broker has confirmed later messages. If it has not, a probe
 * without a destination is sent; a channel that does not even confirm that is replaced. Time is
 * counted in ticks of a timer, so that nothing expires while the process is suspended, the broker
 * does not read, or its cluster has no majority.
 */
export class ConfirmWatch {
  readonly deadline = DEADLINE;
  /** Milliseconds after which an unconfirmed message counts as slow. */
  readonly slowMs: number;
  /** Ticks that counted so far. */
  now = 0;
  /** All ticks so far in which the broker read, also those in which nothing may expire. */
  clock = 0;
  readonly #host: ConfirmWatchHost;
  readonly #timer: NodeJS.Timeout;
  readonly #probeTicks: number;
  readonly #majority: MajorityWatch;
  #probe: { readonly channel: PublishChannel; readonly since: number } | undefined;
  /** The tick of the main channel's last confirm. */
  #confirmedAt = 0;
  /** The tick at which the youngest routed message was sent. */
  #lastRoutedSentAt = 0;

  constructor(limits: ConfirmWatchLimits, host: ConfirmWatchHost) {
    const tickMs = Math.max(10, limits.confirmTimeoutMs / DEADLINE);
    this.slowMs = SLOW * tickMs;
    this.#probeTicks = Math.max(SLOW, Math.ceil(limits.callTimeoutMs / tickMs));
    this.#majority = limits.majority;
    this.#host = host;
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The main channel confirmed a message. */
  recordConfirm(): void {
    this.#confirmedAt = this.now;
  }

  /** A queue confirmed this message. */
  recordRouted({ sentAt }: Pending): void {
    if (sentAt > this.#lastRoutedSentAt) this.#lastRoutedSentAt = sentAt;
  }

  /**
   * Whether the main channel confirmed anything in a later tick than the one in which this message
   * was sent.
   */
  confirmedAfter({ sentAt }: Pending): boolean {
    return this.#confirmedAt > sentAt;
  }

  #tick(): void {
    const main = this.#host.main();
    if (main === undefined) return;
    this.clock += 1;
    if ((this.#majority.isBlameless || this.#isWaiting(main)) && !this.#majority.counts(this.now))
      return this.#takeTurns();
    this.now += 1;
    let needsProbe = false;
    for (const pending of main.unconfirmed) {
      if (this.now - pending.sentAt < SLOW) break;
      needsProbe = !this.#check(main, pending, main.processed > pending.sequence) || needsProbe;
    }
    needsProbe = this.#checkIsolatedChannels() || needsProbe;
    if (needsProbe) this.#probeMain(main);
    this.#replaceLeaky(main);
  }

  /** Whether a message is slow, or nacked. */
  #isWaiting(main: PublishChannel): boolean {
    const [isolated] = this.#host.isolatedChannels.busy.values();
    const isSlow = (pending: Pending | undefined): boolean =>
      // A tick early, so that a question is answered before the first message counts as slow.
      pending !== undefined && this.now + 1 - pending.sentAt >= SLOW;
    return isSlow(main.unconfirmed.oldest) || isSlow(isolated) || this.#host.retrying();
  }

  /**
   * Nothing may expire now. Destinations that wait for an isolated channel get those of destinations
   * that do not answer.
   */
  #takeTurns(): void {
    const { isolatedChannels } = this.#host;
    const slow = [...isolatedChannels.busy].filter(([, { sentClock }]) => this.clock - sentClock >= SLOW);
    isolatedChannels.stuck(slow.length);
    // A single question that is open, or unanswered, may also mean a slow node.
    if (!this.#majority.isBlameless || isolatedChannels.lacking === 0) return;
    this.#host.withdraw(slow.slice(0, isolatedChannels.lacking));
  }

  /** Returns whether a probe is needed. */
  #checkIsolatedChannels(): boolean {
    const { isolatedChannels } = this.#host;
    let needsProbe = false;
    let stuck = 0;
    let isOldest = true;
    for (const [channel, pending] of isolatedChannels.busy) {
      if (this.now - pending.sentAt < SLOW) break;
      // The oldest makes room where destinations wait for a channel.
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

  /** Abandons the message at its deadline. Returns `brokerContinued`. */
  #check(channel: PublishChannel, pending: Pending, brokerContinued: boolean): boolean {
    if (brokerContinued && this.now - pending.sentAt >= DEADLINE) this.#host.abandon(channel, pending);
    else if (this.#lastRoutedSentAt > pending.sentAt) this.#host.stalled(pending.destination);
    return brokerContinued;
  }

  /** Sends a probe on the main channel, or replaces the channel if its probe is overdue. */
  #probeMain(main: PublishChannel): void {
    const probe = this.#probe;
    if (probe?.channel === main) {
      if (this.now - probe.since > this.#probeTicks) this.#host.rebuild('a confirm is overdue');
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
      this.#host.rebuild('the channel is renewed: a confirm never arrived', true);
    }
  }
}
