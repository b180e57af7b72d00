import type { DeadLetter } from '../../protocol/dead-letter.ts';
import type { LetterMultiset } from '../../dead-letters/letter-multiset.ts';
import { OBSTACLE_TEXTS } from '../../dead-letters/mutate.ts';
import { canBeForced, obstacleTo, type Obstacle } from '../../dead-letters/summary.ts';
import type { ConsoleContext } from '../context.ts';
import { ConsoleError } from '../problem.ts';
import { newSecret } from '../security/sessions.ts';
import { counted, type LetterDesk } from './desk.ts';
import { filterOf, type LetterFilter } from './filter.ts';
import { rowOf, type LetterRow } from './row.ts';

export type LetterAction = 'send-back' | 'discard';

/** What a person wants to do with which letters. */
export interface Wish {
  readonly action: LetterAction;
  readonly filter: LetterFilter;
  /** Sends back despite obstacles that can be forced. */
  readonly force: boolean;
}

/** A counted wish. It can be confirmed once. */
export interface Plan {
  readonly id: string;
  readonly wish: Wish;
  readonly count: number;
  readonly selected: LetterMultiset;
  readonly accepts: (letter: DeadLetter) => boolean;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** `POST /api/dead-letters/preview`. */
export interface Preview {
  readonly plan: string;
  readonly action: LetterAction;
  readonly count: number;
  readonly left_in_place: readonly {
    readonly obstacle: Obstacle;
    readonly text: string;
    readonly count: number;
    readonly can_be_forced: boolean;
  }[];
  /** The first letters of those counted. */
  readonly sample: readonly LetterRow[];
  readonly expires: string;
}

const PLAN_MS = 10 * 60_000;
const MAX_PLANS = 20;
const MAX_SAMPLE = 10;

/** Counts what would be settled, and keeps the counts until they are confirmed. */
export class Plans {
  readonly #desk: LetterDesk;
  readonly #methodOf: ConsoleContext['methodOf'];
  readonly #plans = new Map<string, Plan>();

  constructor(desk: LetterDesk, methodOf: ConsoleContext['methodOf']) {
    this.#desk = desk;
    this.#methodOf = methodOf;
  }

  async preview(wish: Wish): Promise<Preview> {
    const matches = filterOf(wish.filter, this.#methodOf);
    const accepts = (letter: DeadLetter): boolean => matches(letter) && remainingObstacle(wish, letter) === undefined;
    const left = new Map<Obstacle, number>();
    const sample: LetterRow[] = [];
    let count = 0;
    const selected = await this.#desk.reading((queue) => {
      // The reading may begin again.
      [count, sample.length] = [0, 0];
      left.clear();
      return counted(queue, (letter) => {
        if (!matches(letter)) return false;
        const obstacle = remainingObstacle(wish, letter);
        if (obstacle !== undefined) {
          left.set(obstacle, (left.get(obstacle) ?? 0) + 1);
          return false;
        }
        count += 1;
        if (sample.length < MAX_SAMPLE) sample.push(rowOf(letter, this.#methodOf));
        return true;
      });
    });
    const plan = { id: newSecret(), wish, count, selected, accepts, expires: Date.now() + PLAN_MS };
    this.#keep(plan);
    const left_in_place = [...left].map(([obstacle, found]) => ({
      obstacle,
      text: OBSTACLE_TEXTS[obstacle].replace('with --force', 'forced,'),
      count: found,
      can_be_forced: canBeForced(obstacle),
    }));
    const expires = new Date(plan.expires).toISOString();
    return { plan: plan.id, action: wish.action, count, left_in_place, sample, expires };
  }

  /** Returns a plan once: a second confirmation of the same count would settle twice. */
  take(id: string): Plan {
    const plan = this.#plans.get(id);
    this.#plans.delete(id);
    if (plan === undefined || plan.expires < Date.now()) {
      throw new ConsoleError(409, 'PREVIEW_USED', 'This preview was confirmed before, or is too old. Preview again.');
    }
    if (plan.count === 0) throw new ConsoleError(409, 'NOTHING_TO_DO', 'The preview counted no letter.');
    return plan;
  }

  #keep(plan: Plan): void {
    if (this.#plans.size >= MAX_PLANS) {
      const [oldest = ''] = this.#plans.keys();
      this.#plans.delete(oldest);
    }
    this.#plans.set(plan.id, plan);
  }
}

function remainingObstacle({ action, force }: Wish, letter: DeadLetter): Obstacle | undefined {
  if (action === 'discard') return undefined;
  const obstacle = obstacleTo(letter);
  return obstacle !== undefined && force && canBeForced(obstacle) ? undefined : obstacle;
}
