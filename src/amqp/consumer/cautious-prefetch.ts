import type { ConsumeMessage } from 'amqplib';

import type { CAUTION_REASONS } from '../../protocol/catalogue.ts';

/** Why requests are consumed one at a time. */
export type CautionReason = (typeof CAUTION_REASONS)[number];

/**
 * The delivery count from which a request may be what ends processes or channels. Far below the
 * queue's delivery limit, because each such end charges all deliveries in flight.
 */
const SUSPICIOUS_COUNT = 10;
/** Successes, one at a time, before the full prefetch returns. */
const SUCCESSES_AFTER_SUSPECT = 16;
const MAX_SUCCESSES = 256;
/**
 * After this time without a further sign of trouble the caution ends, even where too few requests
 * arrive to prove it.
 */
const QUIET_MS = 30_000;
/** Losses further apart than this are unrelated. */
const LOSS_WINDOW_MS = 60_000;
/**
 * How often the channel may be reopened without the usual pause while no request succeeds: 10× the
 * queue's delivery limit, which covers several such requests in a row.
 */
const MAX_FAST_RETRIES = 1_000;

/**
 * Decides when to consume one request at a time, so that a request which ends processes or channels
 * is charged alone. The broker charges every delivery in flight on a channel that ends, whichever
 * caused it.
 */
export class CautiousPrefetch {
  readonly #changed: (reason: CautionReason | undefined) => void;
  readonly #now: () => number;
  #successesNeeded = 0;
  #losses = 0;
  #lostAt = -Infinity;
  /** When the last sign of trouble appeared. */
  #lastSignAt = -Infinity;
  #lossesWithoutSuccess = 0;
  #fastRetry = false;

  /**
   * `changed` receives the reason when consuming one at a time begins, and `undefined` when it
   * ends.
   */
  constructor(changed: (reason: CautionReason | undefined) => void, now: () => number = () => performance.now()) {
    this.#changed = changed;
    this.#now = now;
  }

  /** Whether to consume one request at a time. */
  get oneAtATime(): boolean {
    return this.#successesNeeded > 0;
  }

  /**
   * Inspects a delivery before it starts. Returns whether the broker has charged it often, so that
   * it should run alone.
   */
  delivered(message: ConsumeMessage): boolean {
    if (deliveryCountOf(message) < SUSPICIOUS_COUNT) return false;
    this.#require(SUCCESSES_AFTER_SUSPECT, 'a request came back often');
    return true;
  }

  /** A request was settled. */
  recordSuccess(): void {
    this.#lossesWithoutSuccess = 0;
    if (this.#successesNeeded === 0) return;
    this.#successesNeeded -= 1;
    if (this.#successesNeeded === 0) this.#changed(undefined);
  }

  /** Called at regular intervals: ends the caution after a quiet time. */
  tick(): void {
    if (this.#successesNeeded === 0 || this.#now() - this.#lastSignAt < QUIET_MS) return;
    this.#successesNeeded = 0;
    this.#changed(undefined);
  }

  /** A channel that was consuming is lost. */
  lost(): void {
    const now = this.#now();
    if (now - this.#lostAt > LOSS_WINDOW_MS) this.#losses = 0;
    this.#lostAt = now;
    this.#losses += 1;
    this.#lossesWithoutSuccess += 1;
    this.#fastRetry = this.#lossesWithoutSuccess <= MAX_FAST_RETRIES;
    // A single loss is most likely a cut connection. One success proves that.
    const needed =
      this.#losses === 1 ? 1 : Math.min(MAX_SUCCESSES, SUCCESSES_AFTER_SUSPECT * 2 ** Math.min(this.#losses - 2, 10));
    this.#require(needed, 'the link was lost while consuming');
  }

  /** Whether to reopen the channel almost at once. Asked once per loss. */
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
 * How often the broker charged this message with the end of a channel. A producer can forge the
 * header of a message that was never charged. The broker's own count of deliveries is at least as
 * high, and cannot be forged on a redelivery.
 */
export function deliveryCountOf({ fields, properties }: ConsumeMessage): number {
  if (!fields.redelivered) return 0;
  const { 'x-delivery-count': charged, 'x-acquired-count': delivered } = properties.headers ?? {};
  if (typeof charged !== 'number') return 0;
  return typeof delivered === 'number' ? Math.min(charged, delivered) : charged;
}
