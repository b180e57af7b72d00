import type { Majority } from '../connection/majority-probe.ts';

/** State of the consumer at one poll. */
export interface NodeSample {
  /** Consumers of the request queue as its node reports them. Its own is among them while it can. */
  readonly consumers: number;
  /** Nothing should be consumed now: consumption is paused, or the worker stops. */
  readonly paused: boolean;
}

export interface MinorityDetectorHost {
  /** All brokers' URLs. */
  readonly urls: readonly string[];
  /** The URL of the consumer's node. */
  current(): string | undefined;
  /** Whether this node's cluster has a majority, as far as the node knows. */
  ask(url: string): Promise<Majority>;
  /** Consume from another node. */
  move(): void;
}

/**
 * A node that has lost sight of the queue's leader reports no consumers, not even its own. This long
 * may elections take.
 */
const NO_CONSUMERS_LIMIT_MS = 10_000;
/** A former leader that is cut off reports what it last knew: a quiet queue looks the same. */
const QUIET_LIMIT_MS = 30_000;

/**
 * Finds out whether the consumer's node is cut off from its cluster's majority. It delivers nothing
 * then, and answers polls as if the queue were empty. The node is asked only where nothing is
 * delivered or settled: after 10 s if it reports no consumers, else every 30 s. The consumer moves
 * where its node has no majority, twice in a row, and another has one. Where no node has one, it
 * stays.
 */
export class MinorityDetector {
  readonly #host: MinorityDetectorHost;
  #quietMs = 0;
  #withoutConsumersMs = 0;
  #isAsking = false;

  constructor(host: MinorityDetectorHost) {
    this.#host = host;
  }

  /** A request was delivered or settled. */
  recordProgress(): void {
    this.#quietMs = 0;
    this.#withoutConsumersMs = 0;
  }

  /** Judges one poll, `sinceMs` after the previous one. Resolves when it has asked what it has to. */
  async judge({ consumers, paused }: NodeSample, sinceMs: number): Promise<void> {
    if (this.#host.urls.length < 2 || this.#isAsking) return;
    if (paused) return this.recordProgress();
    this.#quietMs += sinceMs;
    this.#withoutConsumersMs = consumers === 0 ? this.#withoutConsumersMs + sinceMs : 0;
    if (this.#quietMs < QUIET_LIMIT_MS && this.#withoutConsumersMs < NO_CONSUMERS_LIMIT_MS) return;
    this.recordProgress();
    this.#isAsking = true;
    try {
      await this.#inspect(this.#host.current());
    } finally {
      this.#isAsking = false;
    }
  }

  async #inspect(url: string | undefined): Promise<void> {
    if (url === undefined) return;
    for (let nth = 0; nth < 2; nth += 1) if ((await this.#host.ask(url)) !== 'missing') return;
    for (const other of this.#host.urls) {
      if (other === url || (await this.#host.ask(other)) !== 'present') continue;
      // The connection may have moved meanwhile.
      if (this.#host.current() === url) this.#host.move();
      return;
    }
  }
}
