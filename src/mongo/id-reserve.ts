/** Reserves consecutive contact_ids at the database and returns the first. */
type Reserve = (count: number) => Promise<number>;

interface Range {
  readonly from: number;
  readonly count: number;
}

/**
 * How long a contact_id waits for its contact, in milliseconds. Numbers of two workers may be out of
 * order by so much; older ones are dropped and leave a gap.
 */
const MAX_AGE_MS = 1_000;

/**
 * Reserves contact_ids ahead while creates follow each other closely, so that a create needs one
 * round trip instead of two: as many as the last batch took, while that batch is being inserted.
 * The ids of one worker grow from batch to batch.
 */
export class IdReserve {
  readonly #reserve: Reserve;
  readonly #now: () => number;
  #held: Range = NOTHING;
  #reservedAt = -Infinity;
  #takenAt = -Infinity;
  /** The reservation ahead that is under way; it never rejects. */
  #ahead: Promise<void> | undefined;
  #generation = 0;

  /** `reserve` must end within a time limit: batches wait for a reservation ahead. */
  constructor(reserve: Reserve, now: () => number = () => performance.now()) {
    this.#reserve = reserve;
    this.#now = now;
  }

  /** Resolves with `count` contact_ids in ascending order. Rejects as the reservation does. */
  async take(count: number): Promise<readonly number[]> {
    await this.#ahead;
    const now = this.#now();
    if (now - this.#reservedAt > MAX_AGE_MS) this.#held = NOTHING;
    const { from, count: held } = this.#held;
    const used = Math.min(count, held);
    this.#held = { from: from + used, count: held - used };
    const missing = count - used;
    const added = missing > 0 ? idsFrom(await this.#reserve(missing), missing) : [];
    if (this.#held.count === 0 && now - this.#takenAt <= MAX_AGE_MS) this.#ahead ??= this.#reserveAhead(count);
    this.#takenAt = now;
    return [...idsFrom(from, used), ...added];
  }

  /** Drops what is reserved: other documents have these ids. */
  drop(): void {
    this.#held = NOTHING;
    this.#generation += 1;
  }

  /** A failure is left to the next `take`, which then reserves for itself. */
  async #reserveAhead(count: number): Promise<void> {
    const generation = this.#generation;
    const from = await this.#reserve(count).catch(() => undefined);
    this.#ahead = undefined;
    if (from === undefined || generation !== this.#generation) return;
    this.#held = { from, count };
    this.#reservedAt = this.#now();
  }
}

const NOTHING: Range = { from: 0, count: 0 };

function idsFrom(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
