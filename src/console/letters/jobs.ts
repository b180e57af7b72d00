import { emptyTally, settleCounted, type Tally } from '../../dead-letters/settle.ts';
import type { Actor, AuditLog } from '../audit.ts';
import type { ConsoleContext } from '../context.ts';
import { ConsoleError, reasonOf } from '../problem.ts';
import { newSecret } from '../security/sessions.ts';
import type { LetterDesk } from './desk.ts';
import type { LetterAction, Plan } from './plans.ts';

/**
 * `waiting`: can be undone. `undone`: it was; nothing was changed. `stopped`: a person ended it, the
 * rest of the letters stay. `failed`: the broker was lost; no letter is.
 */
export type JobState = 'waiting' | 'running' | 'done' | 'stopped' | 'failed' | 'undone';

/** A confirmed plan on its way, as `GET /api/jobs/ID` shows it. */
export interface JobView {
  readonly job: string;
  readonly action: LetterAction;
  readonly state: JobState;
  readonly count: number;
  readonly settled: number;
  readonly not_found: number;
  readonly newcomers: number;
  readonly failures: readonly string[];
  /** Milliseconds until it begins. */
  readonly starts_in_ms: number;
  readonly problem: string | null;
  readonly operator: string;
  readonly confirmed_at: string;
}

interface Job {
  readonly id: string;
  readonly plan: Plan;
  readonly actor: Actor;
  readonly tally: Tally;
  readonly stop: AbortController;
  readonly confirmedAt: number;
  readonly startsAt: number;
  state: JobState;
  problem: string | undefined;
  finished: Promise<void>;
}

const MAX_JOBS = 50;

/** Carries out confirmed plans, after a time in which they can be undone. */
export class Jobs {
  readonly #desk: LetterDesk;
  readonly #methodOf: ConsoleContext['methodOf'];
  readonly #audit: AuditLog;
  readonly #undoMs: number;
  readonly #jobs = new Map<string, Job>();

  constructor(desk: LetterDesk, methodOf: ConsoleContext['methodOf'], audit: AuditLog, undoMs: number) {
    this.#desk = desk;
    this.#methodOf = methodOf;
    this.#audit = audit;
    this.#undoMs = undoMs;
  }

  start(plan: Plan, actor: Actor): JobView {
    const confirmedAt = Date.now();
    const job: Job = {
      id: newSecret().slice(0, 16),
      plan,
      actor,
      tally: emptyTally(),
      stop: new AbortController(),
      confirmedAt,
      startsAt: confirmedAt + this.#undoMs,
      state: 'waiting',
      problem: undefined,
      finished: Promise.resolve(),
    };
    this.#audit.record('confirmed', actor, { job: job.id, action: plan.wish.action, count: plan.count });
    job.finished = this.#run(job);
    this.#jobs.set(job.id, job);
    this.#forgetOldest();
    return viewOf(job);
  }

  /** The latest first. */
  list(): JobView[] {
    return [...this.#jobs.values()].toReversed().map(viewOf);
  }

  view(id: string): JobView {
    return viewOf(this.#job(id));
  }

  /** Undoes a job that has not begun; ends one that has after the letters of the current page. */
  stop(id: string, actor: Actor): JobView {
    const job = this.#job(id);
    if (isOver(job)) throw new ConsoleError(409, 'JOB_OVER', 'It has ended: nothing of it can be undone here.');
    if (!job.stop.signal.aborted) {
      if (job.state === 'waiting') job.state = 'undone';
      // First of all: it ends also where the audit cannot be written.
      job.stop.abort();
      this.#audit.record('stopped', actor, { job: id, state: job.state });
    }
    return viewOf(job);
  }

  /** Undoes what waits, ends what runs. */
  async close(): Promise<void> {
    for (const job of this.#jobs.values()) {
      if (job.state === 'waiting') job.state = 'undone';
      job.stop.abort();
    }
    await Promise.all([...this.#jobs.values()].map(({ finished }) => finished));
  }

  /** Never rejects. */
  async #run(job: Job): Promise<void> {
    await waited(job.startsAt - Date.now(), job.stop.signal);
    if (job.state === 'waiting') await this.#settle(job);
    const { state, tally, plan } = job;
    try {
      this.#audit.record('ended', job.actor, { job: job.id, action: plan.wish.action, state, settled: tally.settled });
    } catch (error) {
      job.problem = `It ended (${state}), but the audit log cannot be written: ${reasonOf(error)}`;
    }
  }

  async #settle(job: Job): Promise<void> {
    const { plan, tally, stop } = job;
    const { wish, selected, accepts } = plan;
    try {
      const { stopped } = await this.#desk.changing((queue) => {
        if (stop.signal.aborted) return Promise.resolve({ stopped: true });
        job.state = 'running';
        const counted = { action: wish.action, selected, accepts, methodOf: this.#methodOf, stop: stop.signal };
        return settleCounted(counted, queue, tally);
      });
      if (job.state !== 'undone') job.state = stopped ? 'stopped' : 'done';
    } catch (error) {
      job.state = 'failed';
      const bound = wish.action === 'discard' ? 'At most' : 'At least';
      job.problem = `${bound} ${tally.settled} of ${plan.count} settled, then: ${reasonOf(error)}. No letter is lost.`;
    }
  }

  #job(id: string): Job {
    const job = this.#jobs.get(id);
    if (job === undefined) throw new ConsoleError(404, 'NO_SUCH_JOB', 'There is no such job.');
    return job;
  }

  #forgetOldest(): void {
    for (const [id, job] of this.#jobs) {
      if (this.#jobs.size <= MAX_JOBS) return;
      if (isOver(job)) this.#jobs.delete(id);
    }
  }
}

function isOver({ state }: Job): boolean {
  return state !== 'waiting' && state !== 'running';
}

/** Waits, or returns at once when aborted. */
function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function viewOf({ id, plan, state, tally, startsAt, problem, actor, confirmedAt }: Job): JobView {
  const isFinal = state === 'done' || state === 'failed';
  return {
    job: id,
    action: plan.wish.action,
    state,
    count: plan.count,
    settled: tally.settled,
    not_found: isFinal ? plan.count - tally.chosen : 0,
    newcomers: tally.newcomers,
    failures: tally.failures.lines(),
    starts_in_ms: state === 'waiting' ? Math.max(0, startsAt - Date.now()) : 0,
    problem: problem ?? null,
    operator: actor.operator,
    confirmed_at: new Date(confirmedAt).toISOString(),
  };
}
