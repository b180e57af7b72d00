import type { ConsumeMessage } from 'amqplib';

/** Why requests are taken one at a time. */
export type CautionReason = 'the link was lost while consuming' | 'a request came back often';

/**
 * So often came a request back that it may be what ends processes or links. Far below the queue's delivery limit, as
 * each of those ends charges all that was handed out with it.
 */
const SUSPICIOUS_COUNT = 10;
/** Requests that must go well, one at a time, before more are taken again. */
const SUCCESSES_AFTER_SUSPECT = 16;
const MAX_SUCCESSES = 256;
/** So long after the last sign of trouble it is over, where too few requests come to show it. */
const QUIET_MS = 30_000;
/** Losses that lie further apart have nothing to do with each other. */
const LOSS_WINDOW_MS = 60_000;
/**
 * So often at most is a link made again without the usual pause while nothing goes well: ten times the queue's delivery
 * limit, for some such requests in a row.
 */
const MAX_FAST_RETRIES = 1_000;

/**
 * Decides when to take one request at a time, so that one which ends processes or links is charged alone. The broker
 * charges every request that it has handed out to a channel that ends, guilty or not.
 */
export class CautiousPrefetch {
  readonly #changed: (reason: CautionReason | undefined) => void;
  readonly #now: () => number;
  #successesNeeded = 0;
  #losses = 0;
  #lostAt = -Infinity;
  /** When there was reason for caution last. */
  #lastSignAt = -Infinity;
  #lossesWithoutSuccess = 0;
  #fastRetry = false;

  /** `changed` is told the reason when taking one at a time begins, and `undefined` when it ends. */
  constructor(changed: (reason: CautionReason | undefined) => void, now: () => number = () => performance.now()) {
    this.#changed = changed;
    this.#now = now;
  }

  /** Whether one request at a time is to be taken. */
  get oneAtATime(): boolean {
    return this.#successesNeeded > 0;
  }

  /** Looks at a delivery before it is started. True where the broker has charged it often, so that it had better be alone. */
  delivered(message: ConsumeMessage): boolean {
    if (deliveryCountOf(message) < SUSPICIOUS_COUNT) return false;
    this.#require(SUCCESSES_AFTER_SUSPECT, 'a request came back often');
    return true;
  }

  /** A request was dealt with. */
  recordSuccess(): void {
    this.#lossesWithoutSuccess = 0;
    if (this.#successesNeeded === 0) return;
    this.#successesNeeded -= 1;
    if (this.#successesNeeded === 0) this.#changed(undefined);
  }

  /** Time has passed. */
  tick(): void {
    if (this.#successesNeeded === 0 || this.#now() - this.#lastSignAt < QUIET_MS) return;
    this.#successesNeeded = 0;
    this.#changed(undefined);
  }

  /** A channel that was consuming is gone. */
  lost(): void {
    const now = this.#now();
    if (now - this.#lostAt > LOSS_WINDOW_MS) this.#losses = 0;
    this.#lostAt = now;
    this.#losses += 1;
    this.#lossesWithoutSuccess += 1;
    this.#fastRetry = this.#lossesWithoutSuccess <= MAX_FAST_RETRIES;
    // A link that is lost once was cut; one request that goes well says so.
    const needed =
      this.#losses === 1 ? 1 : Math.min(MAX_SUCCESSES, SUCCESSES_AFTER_SUSPECT * 2 ** Math.min(this.#losses - 2, 10));
    this.#require(needed, 'the link was lost while consuming');
  }

  /** Whether the link should be made again almost at once; asked once after each loss. */
  retriesFast(): boolean {
    const fastRetry = this.#fastRetry;
    this.#fastRetry = false;
    return fastRetry;
  }

  #require(needed: number, reason: CautionReason): void {
    const before = this.oneAtATime;
    this.#lastSignAt = this.#now();
    this.#successesNeeded = Math.max(this.#successesNeeded, needed);
    if (!before) this.#changed(reason);
  }
}

/**
 * How often the broker has charged this message for a channel that ended. A producer can forge the header on what was
 * never charged; the broker's own count of hand-outs is at least as high and cannot be forged on a redelivery.
 */
export function deliveryCountOf({ fields, properties }: ConsumeMessage): number {
  if (!fields.redelivered) return 0;
  const { 'x-delivery-count': charged, 'x-acquired-count': handedOut } = properties.headers ?? {};
  if (typeof charged !== 'number') return 0;
  return typeof handedOut === 'number' ? Math.min(charged, handedOut) : charged;
}
