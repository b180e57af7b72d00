import { within } from '../../time/limit.ts';
import type { PublishLane } from './publish-lane.ts';
import { putBack, type Pending } from './pending.ts';

export interface QuarantineHost {
  /** Opens a channel; rejects where there is no connection. */
  open(): Promise<PublishLane>;
  /** Sends the message on this lane, where it is alone. `false` where it cannot be sent at all. */
  send(lane: PublishLane, pending: Pending): boolean;
  /** Whether anything may be sent now. */
  canSend(): boolean;
  /** The broker does not even take a message that goes nowhere: nothing is any message's fault. */
  nothingTaken(): void;
  /** Nobody is suspected any more. */
  over(): void;
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
  examined: Pending | undefined;
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
    putBack(this.#suspects, pending);
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
      while (this.#suspects.length > 0 && this.#host.canSend()) await this.#examineNext();
    } catch {
      // The connection is lost: `run` is called when there is another.
    } finally {
      this.#running = false;
      this.examined = undefined;
    }
    if (this.#suspects.length === 0) this.#host.over();
  }

  async #examineNext(): Promise<void> {
    const lane = await this.#host.open();
    const taking = await inTime(this.#limitMs, lane.probe());
    if (taking !== true) {
      lane.close();
      this.#host.nothingTaken();
      throw new Error('nothing is taken');
    }
    const pending = this.#suspects.shift();
    if (pending === undefined) return lane.close();
    this.examined = pending;
    if (!this.#host.send(lane, pending)) return lane.close();
    // A message that is merely slow is not what closes channels: it stays alone on its lane.
    const passed = await inTime(this.#slowMs, lane.probe());
    if (passed !== false) pending.strikes = 0;
    this.examined = undefined;
  }
}

/** `undefined` where it takes longer than `ms` milliseconds; a probe does not reject. */
function inTime(ms: number, probe: Promise<boolean>): Promise<boolean | undefined> {
  return within(ms, 'a probe', probe).catch(() => undefined);
}
