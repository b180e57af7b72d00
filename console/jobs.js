import { fill, h, number, plural } from './dom.js';
import { get, post, session } from './server.js';

/** @import { JobView } from '../src/console/letters/jobs.ts' */

const EVERY_MS = 500;
const SHOWN_MS = 15_000;
/** Jobs that this page shows, with the time from which on they are no longer shown. */
/** @type {Map<string, Partial<JobView>>} */
const shown = new Map();
const listeners = new Set();
/** @type {HTMLElement} */
let place;

/** Shows actions that wait, run or have just ended, in `element`. */
export function showJobs(element) {
  place = element;
  get('/api/jobs').then(
    ({ jobs }) => jobs.filter(({ state }) => !isOver(state)).forEach(({ job }) => follow(job)),
    () => undefined,
  );
}

/** Calls `listener` whenever an action has ended. Returns a way to stop. */
export function whenJobEnds(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows an action to its end. */
export async function follow(id) {
  for (;;) {
    /** @type {Partial<JobView>} */
    let job;
    try {
      job = await get(`/api/jobs/${id}`);
    } catch (error) {
      // A console that was started again knows nothing of it: it was undone, or has ended.
      const state = error.code === 'NO_SUCH_JOB' ? { state: /** @type {const} */ ('failed') } : {};
      job = { ...shown.get(id), job: id, problem: error.message, ...state };
    }
    shown.set(id, job);
    draw();
    if (isOver(job.state)) break;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  for (const listener of listeners) listener(shown.get(id));
  setTimeout(() => dismiss(id), shown.get(id)?.state === 'done' ? SHOWN_MS : SHOWN_MS * 4);
}

function isOver(state) {
  return state !== 'waiting' && state !== 'running' && state !== undefined;
}

function dismiss(id) {
  shown.delete(id);
  draw();
}

/** The cards on the page, by job: each stays, so that its button keeps the focus. */
const cards = new Map();

function draw() {
  for (const [id, card] of cards) {
    if (shown.has(id)) continue;
    card.element.remove();
    cards.delete(id);
  }
  for (const [id, job] of shown) {
    if (!cards.has(id)) {
      cards.set(id, new JobCard(id));
      place.append(cards.get(id).element);
    }
    cards.get(id).show(job);
  }
}

const DONE = { 'send-back': 'sent back', discard: 'discarded' };

class JobCard {
  #id;
  #over = false;
  #words = h('p');
  // Not announced: it changes twice a second.
  #counter = h('p', { class: 'counter', 'aria-hidden': 'true' });
  #progress = h('progress', { max: 1, value: 0, 'aria-label': 'Progress' });
  #notes = h('div', { class: 'muted' });
  #button = h('button', { type: 'button', onclick: () => void this.#press() }, 'Undo');

  constructor(id) {
    this.#id = id;
    this.element = h(
      'article',
      { class: 'job' },
      this.#words,
      this.#counter,
      this.#progress,
      this.#notes,
      this.#button,
    );
  }

  /** @param {Partial<JobView>} job */
  show(job) {
    const { action = 'discard', state = 'running', count = 0, settled = 0, starts_in_ms = 0 } = job;
    this.#over = isOver(state);
    this.element.className = `job ${state}`;
    const letters = plural(count, 'letter');
    const words = {
      waiting: `${letters} will be ${DONE[action]}`,
      running: `${letters} are being ${DONE[action]}`,
      done: `${number(settled)} of ${letters} ${DONE[action]}`,
      stopped: `Stopped: ${number(settled)} of ${letters} ${DONE[action]}; the others stay`,
      undone: 'Undone: nothing was changed',
      failed: 'It failed',
    };
    fill(this.#words, words[state]);
    const isWaiting = state === 'waiting';
    fill(
      this.#counter,
      isWaiting ? `begins in ${Math.ceil(starts_in_ms / 1_000)} s` : this.#over ? '' : `${number(settled)} done`,
    );
    this.#progress.hidden = this.#over;
    this.#progress.max = Math.max(isWaiting ? session.undo_ms : count, 1);
    this.#progress.value = isWaiting ? session.undo_ms - starts_in_ms : settled;
    fill(
      this.#notes,
      notesOf(job).map((note) => h('p', {}, note)),
    );
    fill(this.#button, this.#over ? 'Close' : isWaiting ? 'Undo' : 'Stop');
  }

  async #press() {
    if (this.#over) return dismiss(this.#id);
    try {
      this.show(await post(`/api/jobs/${this.#id}/stop`));
    } catch (error) {
      fill(this.#notes, h('p', { class: 'alert', role: 'alert' }, error.message));
    }
  }
}

/**
 * What a person has to know of an action beside its progress.
 *
 * @param {Partial<JobView>} job
 */
function notesOf({ problem, not_found: missing = 0, newcomers = 0, failures = [] }) {
  return [
    problem,
    missing > 0 ? `${plural(missing, 'letter')} of those counted left the queue meanwhile.` : null,
    newcomers > 0 ? `${plural(newcomers, 'letter')} came after the count; left in place.` : null,
    ...failures,
  ].filter(Boolean);
}
