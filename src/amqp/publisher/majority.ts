/** Ticks between two questions, while messages wait for their confirms. */
const ASK_EVERY = 5;
/** Ticks without a majority after which another node may do better. */
const MOVE_AFTER = 15;
/**
 * Ticks in which queues elect their leaders, one after the other, once there is a majority again. After
 * a freeze of 20 s some of 80 queues took 20 s to confirm.
 */
const ELECTIONS = 25;

export interface MajorityWatchHost {
  ask(): Promise<boolean>;
  changed(isPresent: boolean): void;
  /** Another node may have a majority. */
  move(): void;
}

/** Decides whether time counts for messages that wait for their queue. */
export class MajorityWatch {
  readonly #host: MajorityWatchHost;
  #isAsking = false;
  #isMissing = false;
  /** One question stays unanswered. A single one may also be a slow node. */
  #isDoubtful = false;
  #askedAt = -Infinity;
  #missingTicks = 0;
  #electionTicks = 0;

  constructor(host: MajorityWatchHost) {
    this.#host = host;
  }

  /** Whether a question is open. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** Whether the broker itself is in trouble, so that no queue is to blame. */
  get isBlameless(): boolean {
    return this.#isMissing || this.#electionTicks > 0;
  }

  /**
   * Whether this tick counts: not while the cluster has no majority, nor in the elections that
   * follow. To be called once a tick while messages wait. `now`: the ticks that counted.
   */
  counts(now: number): boolean {
    if (this.#isMissing && (this.#missingTicks += 1) % MOVE_AFTER === 0) this.#host.move();
    if (this.#isAsking) return false;
    // `now` stands still in the elections.
    const isDue =
      now - this.#askedAt >= ASK_EVERY || (this.#electionTicks > 0 && this.#electionTicks % ASK_EVERY === 0);
    if (this.#isMissing || isDue) void this.#ask(now);
    if (this.#isMissing || this.#electionTicks === 0) return !this.#isMissing && !this.#isDoubtful;
    this.#electionTicks -= 1;
    return false;
  }

  async #ask(now: number): Promise<void> {
    this.#isAsking = true;
    this.#askedAt = now;
    const isPresent = await this.#host.ask();
    this.#isAsking = false;
    const isFirstFailure = !isPresent && !this.#isMissing && !this.#isDoubtful;
    this.#isDoubtful = isFirstFailure;
    if (isFirstFailure) this.#askedAt = -Infinity;
    if (isFirstFailure || isPresent === !this.#isMissing) return;
    this.#isMissing = !isPresent;
    this.#missingTicks = 0;
    this.#electionTicks = ELECTIONS;
    this.#host.changed(isPresent);
  }
}
