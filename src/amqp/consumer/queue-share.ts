/** State of one queue at one poll. */
export interface ShareSample {
  /** Number of requests in the queue. */
  readonly waiting: number;
  /** Number of workers, this one included. */
  readonly workers: number;
  /** Whether a request of the queue was delivered or settled here since the last poll. */
  readonly progressed: boolean;
  readonly hasRoom: boolean;
  readonly paused: boolean;
}

/** What was seen of a queue that may be another worker's. */
interface Watched {
  /** Polls in a row in which its requests waited. */
  polls: number;
  /** Polls in a row in which their number did not fall. */
  stillPolls: number;
  waiting: number;
  /** Claims in a row without a delivery. */
  claims: number;
}

/** Polls in a row in which requests wait before a worker claims the queue. */
const POLLS_BEFORE_CLAIM = 2;
/** The same for a worker that has its part: the other one may be stuck. */
const STILL_POLLS_BEFORE_CLAIM = 15;
/** Each claim without a delivery doubles the polls before the next, this often. */
const MAX_DOUBLINGS = 6;

/**
 * Divides several queues evenly among the workers, where it matters: a worker that stands by at a
 * queue whose requests wait claims it, unless it has its part of all queues. The broker does not
 * report which consumer is active; deliveries do.
 */
export class QueueShare {
  readonly #queues: number;
  /** Queues whose active consumer is probably ours. */
  readonly #active = new Set<string>();
  readonly #watched = new Map<string, Watched>();

  /** `queues`: their number. */
  constructor(queues: number) {
    this.#queues = queues;
  }

  /** Whether to claim the queue. To be called once at each poll of each queue. */
  shouldClaim(queue: string, sample: ShareSample): boolean {
    const { waiting, workers, progressed, hasRoom, paused } = sample;
    if (progressed) this.#active.add(queue);
    if (progressed || waiting === 0 || workers < 2 || !hasRoom || paused) {
      const claims = progressed ? 0 : (this.#watched.get(queue)?.claims ?? 0);
      this.#watched.set(queue, { polls: 0, stillPolls: 0, waiting, claims });
      return false;
    }
    const seen = this.#watched.get(queue) ?? { polls: 0, stillPolls: 0, waiting, claims: 0 };
    seen.polls += 1;
    seen.stillPolls = waiting < seen.waiting ? 0 : seen.stillPolls + 1;
    seen.waiting = waiting;
    this.#watched.set(queue, seen);
    return this.#isDue(queue, seen, Math.floor(this.#queues / workers));
  }

  #isDue(queue: string, seen: Watched, part: number): boolean {
    const times = 2 ** Math.min(seen.claims, MAX_DOUBLINGS);
    if (seen.polls < POLLS_BEFORE_CLAIM * times) return false;
    this.#active.delete(queue);
    if (this.#active.size >= part && seen.stillPolls < STILL_POLLS_BEFORE_CLAIM * times) return false;
    seen.polls = 0;
    seen.stillPolls = 0;
    seen.claims += 1;
    // Counts at once, so that other queues are not claimed beyond the part.
    this.#active.add(queue);
    return true;
  }
}
