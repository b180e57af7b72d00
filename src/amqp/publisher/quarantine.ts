import { within } from '../../time/limit.ts';
import type { PublishChannel } from './publish-channel.ts';
import { insertInOrder, type Pending } from './pending.ts';

export interface QuarantineHost {
  /** Opens a channel. Rejects where there is no connection. */
  open(): Promise<PublishChannel>;
  /**
   * Sends the message on this channel, on which it is alone. Returns `false` where AMQP cannot
   * carry it.
   */
  send(channel: PublishChannel, pending: Pending): boolean;
  /** Whether anything may be sent now. */
  canSend(): boolean;
  /** Replaces the main channel: the broker opens no channel, or keeps none, though nothing is sent. */
  unusable(): void;
  /** There are no suspects any more. */
  emptied(): void;
}

/**
 * Messages that may have made the broker close a channel or the connection. Each is sent alone,
 * between two probes, while nothing else is sent. A message during which the broker closes again is
 * the cause.
 */
export class Quarantine {
  readonly #host: QuarantineHost;
  readonly #limitMs: number;
  readonly #slowMs: number;
  readonly #suspects: Pending[] = [];
  /** The suspect in flight. */
  suspectInFlight: Pending | undefined;
  #running = false;

  /** `limitMs`: time limit for a probe; `slowMs`: when a message counts as slow. */
  constructor(limitMs: number, slowMs: number, host: QuarantineHost) {
    this.#limitMs = limitMs;
    this.#slowMs = slowMs;
    this.#host = host;
  }

  /** Whether other messages have to wait. */
  get active(): boolean {
    return this.#running || this.#suspects.length > 0;
  }

  add(pending: Pending): void {
    insertInOrder(this.#suspects, pending);
  }

  /** Removes and returns all suspects. */
  clear(): Pending[] {
    return this.#suspects.splice(0);
  }

  /** Tests the suspects, as far as possible now. Never rejects. */
  async run(): Promise<void> {
    if (this.#running || this.#suspects.length === 0) return;
    this.#running = true;
    try {
      while (this.#suspects.length > 0 && this.#host.canSend()) await this.#testNext();
    } catch {
      // `run` is called again once there is another channel, which nothing else would bring here: while
      // there are suspects nothing is sent. Where the connection is lost one is on its way.
      if (this.#host.canSend()) this.#host.unusable();
    } finally {
      this.#running = false;
      this.suspectInFlight = undefined;
    }
    if (this.#suspects.length === 0) this.#host.emptied();
  }

  async #testNext(): Promise<void> {
    const channel = await this.#host.open();
    const isAlive = await confirmedWithin(this.#limitMs, channel.probe());
    // Its end may have been in the same read as the confirm.
    if (isAlive !== true || !channel.isOpen) {
      channel.close();
      throw new Error('the broker confirms no message');
    }
    const pending = this.#suspects.shift();
    if (pending === undefined) return channel.close();
    this.suspectInFlight = pending;
    if (!this.#host.send(channel, pending)) return channel.close();
    // A slow message does not close channels: it stays alone on its channel.
    const survived = await confirmedWithin(this.#slowMs, channel.probe());
    if (survived !== false) pending.closes = 0;
    this.suspectInFlight = undefined;
  }
}

/** `undefined` where the probe takes longer than `ms` milliseconds. A probe never rejects. */
function confirmedWithin(ms: number, probe: Promise<boolean>): Promise<boolean | undefined> {
  return within(ms, 'a probe', probe).catch(() => undefined);
}
