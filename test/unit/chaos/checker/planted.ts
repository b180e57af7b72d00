import type { ExaminationOptions, Violation } from '../../../../chaos/checker/verdict.ts';
import { createdAnswer } from './answer-documents.ts';
import { correctRun, type Run } from './correct-run.ts';
import { CONTACT_ID, CONTACT, Scenario } from './scenario.ts';

/** A run with one thing wrong, and the violations that the checker must find, and no others. */
export interface PlantedRun {
  readonly what: string;
  readonly run: () => Run;
  readonly options?: ExaminationOptions;
  readonly found: readonly Partial<Violation>[];
}

export const BASE = correctRun();
export const NOTHING = correctRun({ requests: 0 });

/** A scenario that follows a correct run. */
export const scenario = (): Scenario => new Scenario(BASE);

export const twin = CONTACT_ID + 1;

export const both = [
  [CONTACT_ID, CONTACT],
  [twin, CONTACT],
] as const;
/** Two contacts of one client with equal fields. */
export const pair = (from = BASE): Scenario =>
  new Scenario(from)
    .create(CONTACT)
    .create(CONTACT, { answer: createdAnswer(twin) })
    .ends(CONTACT)
    .ends(CONTACT, twin);
