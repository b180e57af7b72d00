import { get, session } from './server.js';

const MAX_POINTS = 900;

/** @import { HistoryPoint, Overview } from '../src/console/live/overview.ts' */
/** @typedef {(overview: Overview | undefined, history: readonly HistoryPoint[], problem?: Error) => void} Listener */

/** Asks for the figures again and again, for whoever listens. */
export class Live {
  /** @type {Set<Listener>} */
  #listeners = new Set();
  /** @type {HistoryPoint[]} */
  #history = [];
  /** @type {Overview | undefined} */
  latest;

  constructor() {
    void this.#ask();
    document.addEventListener('visibilitychange', () => document.hidden || void this.#ask(true));
  }

  /**
   * Calls the listener now and at each change. Returns a way to stop.
   *
   * @param {Listener} listener
   * @returns {() => void}
   */
  listen(listener) {
    this.#listeners.add(listener);
    if (this.latest !== undefined) listener(this.latest, this.#history);
    return () => void this.#listeners.delete(listener);
  }

  async #ask(once = false) {
    try {
      const since = this.#history.at(-1)?.time ?? 0;
      /** @type {Overview & { history: readonly HistoryPoint[] }} */
      const { history, ...latest } = await get(`/api/overview?since=${since}`);
      this.latest = latest;
      this.#history = [...this.#history, ...history.filter(({ time }) => time > since)].slice(-MAX_POINTS);
      this.#tell(undefined);
    } catch (error) {
      this.#tell(error);
    }
    // A page that nobody sees asks for nothing.
    if (!once) setTimeout(() => void (document.hidden ? this.#wait() : this.#ask()), session.look_every_ms);
  }

  #wait() {
    document.addEventListener('visibilitychange', () => void this.#ask(), { once: true });
  }

  #tell(problem) {
    for (const listener of this.#listeners) listener(this.latest, this.#history, problem);
  }
}
