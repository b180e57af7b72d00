/** State of one queue at one poll. */
export interface ShareSample {
  /** Number of requests in the queue. */
  readonly waiting: number;
  /** Number of workers that consume the queue, those that stand by included. */
  readonly consumers: number;
  /** Whether a request of the queue was delivered or settled here since the last poll. */
  readonly progressed: boolean;
  readonly hasRoom: boolean;
  readonly paused: boolean;
}

/** Polls in a row in which requests wait before a worker claims the queue. */
const POLLS_BEFORE_CLAIM = 2;
/** A claim without a delivery doubles the polls before the next, this often. */
const MAX_DOUBLINGS = 8;

/**
 * Divides several queues evenly among the workers, where it matters: a worker that stands by at a
 * queue whose requests wait claims it, unless it already has its part of all queues. The broker
 * does not report which consumer is active; deliveries do.
 */
export class QueueShare {
  readonly #queues: number;
  /** Queues whose active consumer is probably ours. */
  readonly #active = new Set<string>();
  /** Polls in a row in which requests of a queue waited for another worker. */
  readonly #waits = new Map<string, number>();
  /** Claims in a row without a delivery. */
  readonly #claims = new Map<string, number>();

  /** `queues`: their number. */
  constructor(queues: number) {
    this.#queues = queues;
  }

  /** Whether to claim the queue. To be called once at each poll of each queue. */
  shouldClaim(queue: string, { waiting, consumers, progressed, hasRoom, paused }: ShareSample): boolean {
    if (progressed) {
      this.#active.add(queue);
      this.#claims.delete(queue);
    }
    if (progressed || waiting === 0 || consumers < 2 || !hasRoom || paused) {
      this.#waits.delete(queue);
      return false;
    }
    const waits = (this.#waits.get(queue) ?? 0) + 1;
    this.#waits.set(queue, waits);
    const claims = this.#claims.get(queue) ?? 0;
    if (waits < POLLS_BEFORE_CLAIM * 2 ** Math.min(claims, MAX_DOUBLINGS)) return false;
    this.#active.delete(queue);
    if (this.#active.size >= Math.floor(this.#queues / consumers)) return false;
    this.#waits.delete(queue);
    this.#claims.set(queue, claims + 1);
    // Counts at once, so that other queues are not claimed beyond the part.
    this.#active.add(queue);
    return true;
  }
}
