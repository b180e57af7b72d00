import { within } from '../../time/limit.ts';
import type { PublishChannel } from './publish-channel.ts';
import { insertInOrder, type Pending } from './pending.ts';

export interface QuarantineHost {
  /** Opens a channel; rejects where there is no connection. */
  open(): Promise<PublishChannel>;
  /** Sends the message on this lane, where it is alone. `false` where it cannot be sent at all. */
  send(channel: PublishChannel, pending: Pending): boolean;
  /** Whether anything may be sent now. */
  canSend(): boolean;
  /** The broker does not even take a message that goes nowhere: nothing is any message's fault. */
  nothingConfirmed(): void;
  /** Nobody is suspected any more. */
  emptied(): void;
}

/**
 * Messages that may have made the broker close a channel or the connection. One after another is sent alone, between two
 * probes that go nowhere, while nothing else is sent: the one that meets another close is the cause.
 */
export class Quarantine {
  readonly #host: QuarantineHost;
  readonly #limitMs: number;
  readonly #slowMs: number;
  readonly #suspects: Pending[] = [];
  /** The message that is alone on the wire. */
  suspectInFlight: Pending | undefined;
  #running = false;

  /** `limitMs`: how long the broker may take for a probe; `slowMs`: when a message is only slow. */
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

  /** Takes out all suspects. */
  clear(): Pending[] {
    return this.#suspects.splice(0);
  }

  /** Examines the suspects as far as is possible now. Never rejects. */
  async run(): Promise<void> {
    if (this.#running || this.#suspects.length === 0) return;
    this.#running = true;
    try {
      while (this.#suspects.length > 0 && this.#host.canSend()) await this.#testNext();
    } catch {
      // The connection is lost: `run` is called when there is another.
    } finally {
      this.#running = false;
      this.suspectInFlight = undefined;
    }
    if (this.#suspects.length === 0) this.#host.emptied();
  }

  async #testNext(): Promise<void> {
    const channel = await this.#host.open();
    const isAlive = await confirmedWithin(this.#limitMs, channel.probe());
    if (isAlive !== true) {
      channel.close();
      this.#host.nothingConfirmed();
      throw new Error('nothing is taken');
    }
    const pending = this.#suspects.shift();
    if (pending === undefined) return channel.close();
    this.suspectInFlight = pending;
    if (!this.#host.send(channel, pending)) return channel.close();
    // A message that is merely slow is not what closes channels: it stays alone on its lane.
    const survived = await confirmedWithin(this.#slowMs, channel.probe());
    if (survived !== false) pending.closes = 0;
    this.suspectInFlight = undefined;
  }
}

/** `undefined` where it takes longer than `ms` milliseconds; a probe does not reject. */
function confirmedWithin(ms: number, probe: Promise<boolean>): Promise<boolean | undefined> {
  return within(ms, 'a probe', probe).catch(() => undefined);
}
