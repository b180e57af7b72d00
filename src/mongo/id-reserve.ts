import { within } from '../time/limit.ts';

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
/** How long a batch waits for a reservation ahead; a usual one takes a few milliseconds. */
const MAX_WAIT_MS = 100;
/** Contact_ids in a block for single creates: at most so many numbers are a gap when they end. */
const MAX_BLOCK = 16;

/**
 * Reserves contact_ids ahead while creates follow each other closely, so that a create needs one
 * round trip instead of two: as many as the last batch took, while that batch is being inserted.
 * The faster single creates follow each other, the more at a time: a block lasts a quarter of
 * MAX_AGE_MS. The ids of one worker grow from batch to batch: those of a reservation that another
 * one overtook are dropped.
 */
export class IdReserve {
  readonly #reserve: Reserve;
  readonly #now: () => number;
  #held: Range = NOTHING;
  /** The highest id that was handed out. */
  #highest = 0;
  #reservedAt = -Infinity;
  #takenAt = -Infinity;
  #block = 1;
  /** The reservation ahead that is under way; it never rejects. */
  #ahead: Promise<void> | undefined;
  #generation = 0;

  constructor(reserve: Reserve, now: () => number = () => performance.now()) {
    this.#reserve = reserve;
    this.#now = now;
  }

  /** Resolves with `count` contact_ids in ascending order. Rejects as the reservation does. */
  async take(count: number): Promise<readonly number[]> {
    if (this.#ahead !== undefined) await this.#aheadOrLimit(this.#ahead);
    const now = this.#now();
    if (now - this.#reservedAt > MAX_AGE_MS || this.#held.from <= this.#highest) this.#held = NOTHING;
    const { from, count: held } = this.#held;
    const used = Math.min(count, held);
    this.#held = { from: from + used, count: held - used };
    const missing = count - used;
    const added = missing > 0 ? idsFrom(await this.#reserve(missing), missing) : [];
    if (now - this.#takenAt > MAX_AGE_MS) this.#block = 1;
    else if (this.#held.count === 0) this.#begin(Math.max(count, this.#nextBlock(now)));
    this.#takenAt = now;
    const ids = [...idsFrom(from, used), ...added];
    this.#highest = Math.max(this.#highest, ids.at(-1) ?? 0);
    return ids;
  }

  /** Drops what is reserved: other documents have these ids. */
  drop(): void {
    this.#held = NOTHING;
    this.#highest = 0;
    this.#generation += 1;
  }

  /** Twice as many as before where those were taken quickly, else half. */
  #nextBlock(now: number): number {
    const isQuick = now - this.#reservedAt < MAX_AGE_MS / 4;
    this.#block = isQuick ? Math.min(MAX_BLOCK, 2 * this.#block) : Math.max(1, Math.floor(this.#block / 2));
    return this.#block;
  }

  /** Gives a reservation up that takes long: it may be lost with its connection. */
  async #aheadOrLimit(ahead: Promise<void>): Promise<void> {
    await within(MAX_WAIT_MS, 'reserving contact_ids', ahead).catch(() => undefined);
    if (this.#ahead !== ahead) return;
    this.#ahead = undefined;
    this.drop();
  }

  #begin(count: number): void {
    if (this.#ahead !== undefined) return;
    const ahead = this.#reserveAhead(count).then(() => {
      if (this.#ahead === ahead) this.#ahead = undefined;
    });
    this.#ahead = ahead;
  }

  /** A failure is left to the next `take`, which then reserves for itself. */
  async #reserveAhead(count: number): Promise<void> {
    const generation = this.#generation;
    const from = await this.#reserve(count).catch(() => undefined);
    if (from === undefined || generation !== this.#generation) return;
    this.#held = { from, count };
    this.#reservedAt = this.#now();
  }
}

const NOTHING: Range = { from: 0, count: 0 };

function idsFrom(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
