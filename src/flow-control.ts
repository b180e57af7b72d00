import type { PAUSE_REASONS } from './protocol/catalogue.ts';

/** Why no requests are consumed. */
export type PauseReason = (typeof PAUSE_REASONS)[number];

/** The cause in words, the most serious first. */
const CAUSES: readonly (readonly [PauseReason, string])[] = [
  ['answers', 'answers cannot be sent'],
  ['database', 'the database is unavailable'],
  ['writes', 'every write of a method fails alike'],
];

/**
 * Decides whether requests are consumed. While something they need is unavailable they would only
 * wait.
 */
export class FlowControl {
  readonly #onChange: (paused: boolean, cause: string) => void;
  #waitingForStore = 0;
  #failingMethods = 0;
  #publisherOpen = true;
  #paused = false;

  /** `onChange` is called when consumption should pause, and when it should resume. */
  constructor(onChange: (paused: boolean, cause: string) => void) {
    this.#onChange = onChange;
  }

  /** One call more (1) or less (-1) waits for the database. */
  readonly waiting = (change: 1 | -1): void => {
    this.#waitingForStore += change;
    this.#update();
  };

  /** One method more (1) or less (-1) fails for every request. */
  readonly failing = (change: 1 | -1): void => {
    this.#failingMethods += change;
    this.#update();
  };

  /** Whether answers can be published. */
  readonly open = (open: boolean): void => {
    this.#publisherOpen = open;
    this.#update();
  };

  /** Whether consumption pauses now, by reason. */
  reasons(): Readonly<Record<PauseReason, boolean>> {
    return {
      database: this.#waitingForStore > 0,
      writes: this.#failingMethods > 0,
      answers: !this.#publisherOpen,
    };
  }

  #update(): void {
    const reasons = this.reasons();
    const [, cause] = CAUSES.find(([reason]) => reasons[reason]) ?? [];
    const paused = cause !== undefined;
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#onChange(paused, cause ?? 'everything is available again');
  }
}
