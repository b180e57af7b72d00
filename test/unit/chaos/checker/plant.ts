import type { ExaminationOptions, Violation } from '../../../../chaos/checker/verdict.ts';
import { createdAnswer } from './answer-documents.ts';
import { correctRun, type Run } from './correct-run.ts';
import { HERO, ONCE, Story } from './story.ts';

/** A run with something wrong in it, and what a checker must find: this and nothing else. */
export interface Plant {
  readonly what: string;
  readonly run: () => Run;
  readonly options?: ExaminationOptions;
  readonly found: readonly Partial<Violation>[];
}

export const BASE = correctRun();
export const NOTHING = correctRun({ requests: 0 });

/** What happens to the hero after a correct run. */
export const story = (): Story => new Story(BASE);

export const twin = HERO + 1;

export const both = [
  [HERO, ONCE],
  [twin, ONCE],
] as const;
/** Two contacts of the hero's client with equal fields. */
export const pair = (from = BASE): Story =>
  new Story(from)
    .create(ONCE)
    .create(ONCE, { answer: createdAnswer(twin) })
    .ends(ONCE)
    .ends(ONCE, twin);
