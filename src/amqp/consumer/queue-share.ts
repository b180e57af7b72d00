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
  /** Polls before this worker acts, beyond those of all: a random number. */
  delay: number;
}

/** Polls in a row in which requests wait before a worker claims the queue. */
const POLLS_BEFORE_CLAIM = 2;
/** Up to this many more: workers that start together choose different queues. */
const MAX_DELAY = 3;
/**
 * The same for a worker that has its part, as the other one may be stuck, and where there are more
 * workers than queues.
 */
const STILL_POLLS_BEFORE_CLAIM = 15;
/** Each claim without a delivery doubles the polls before the next, this often. */
const MAX_DOUBLINGS = 6;

/**
 * Divides several queues evenly among the workers, where it matters: a worker that stands by at a
 * queue whose requests wait claims it, unless it has its part of all queues. The broker does not
 * report which consumer is active; deliveries do. A worker that loses a queue to another claim does
 * not claim it back at once, but the queue that is due first: two workers never contend for one
 * queue while a third keeps the others.
 */
export class QueueShare {
  readonly #queues: number;
  readonly #random: () => number;
  /** Queues whose active consumer is probably ours. */
  readonly #active = new Set<string>();
  readonly #watched = new Map<string, Watched>();

  /** `queues`: their number. `random`: as `Math.random`. */
  constructor(queues: number, random: () => number = Math.random) {
    this.#queues = queues;
    this.#random = random;
  }

  /** Whether to claim the queue. To be called once at each poll of each queue. */
  shouldClaim(queue: string, sample: ShareSample): boolean {
    const { waiting, workers, progressed, hasRoom, paused } = sample;
    if (progressed) this.#active.add(queue);
    const seen = this.#watched.get(queue);
    if (progressed || waiting === 0 || workers < 2 || !hasRoom || paused) {
      this.#watched.set(queue, this.#unseen(waiting, progressed ? 0 : seen?.claims));
      return false;
    }
    const watched = seen ?? this.#unseen(waiting);
    watched.polls += 1;
    watched.stillPolls = waiting < watched.waiting ? 0 : watched.stillPolls + 1;
    watched.waiting = waiting;
    this.#watched.set(queue, watched);
    return this.#isDue(queue, watched, workers);
  }

  #isDue(queue: string, seen: Watched, workers: number): boolean {
    const times = 2 ** Math.min(seen.claims, MAX_DOUBLINGS);
    const polls = workers > this.#queues ? STILL_POLLS_BEFORE_CLAIM : POLLS_BEFORE_CLAIM;
    if (seen.polls < (polls + seen.delay) * times) return false;
    if (this.#active.delete(queue)) {
      // Another worker has it. Queues that are due already come first.
      seen.polls = 0;
      return false;
    }
    const part = Math.max(1, Math.floor(this.#queues / workers));
    if (this.#active.size >= part && seen.stillPolls < STILL_POLLS_BEFORE_CLAIM * times) return false;
    this.#watched.set(queue, this.#unseen(seen.waiting, seen.claims + 1));
    // Counts at once, so that other queues are not claimed beyond the part.
    this.#active.add(queue);
    return true;
  }

  #unseen(waiting: number, claims = 0): Watched {
    return { polls: 0, stillPolls: 0, waiting, claims, delay: Math.floor(this.#random() * (MAX_DELAY + 1)) };
  }
}
