import type { Majority } from '../connection/majority-probe.ts';

/** How long an answer that there is a majority holds for all. */
const REMEMBERED_MS = 5_000;

/**
 * Asks nodes for a majority on behalf of all consumers of a worker: of many queues most are quiet,
 * or another worker's, and each question costs a connection and a queue.
 */
export class SharedMajority {
  readonly #ask: (url: string) => Promise<Majority>;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly answer: Promise<Majority>; until: number }>();

  /** `ask` never rejects. */
  constructor(ask: (url: string) => Promise<Majority>, now: () => number = () => performance.now()) {
    this.#ask = ask;
    this.#now = now;
  }

  /** Resolves with the node's answer to this question, to one that is open, or to a recent one. */
  ask(url: string): Promise<Majority> {
    const known = this.#known.get(url);
    if (known !== undefined && this.#now() < known.until) return known.answer;
    const question = { answer: this.#ask(url), until: Infinity };
    this.#known.set(url, question);
    void question.answer.then((answer) => {
      question.until = answer === 'present' ? this.#now() + REMEMBERED_MS : 0;
    });
    return question.answer;
  }
}
