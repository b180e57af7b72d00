import type { DeadLetter, DeadLetterQueue, LetterFate } from '../protocol/dead-letter.ts';
import type { LetterMultiset } from './letter-multiset.ts';
import { SendFailures } from './send-failures.ts';
import { summaryOf } from './summary.ts';

/** Letters that were counted, and what to do with them. */
export interface Counted {
  readonly action: Exclude<LetterFate, 'keep'>;
  /** Emptied while they are settled. No other letter is settled. */
  readonly selected: LetterMultiset;
  /** Whether the letter is one of those that were to be settled. */
  readonly accepts: (letter: DeadLetter) => boolean;
  readonly methodOf: (body: Uint8Array) => string | undefined;
  readonly stop?: AbortSignal | undefined;
}

/** What has happened so far; also valid after the broker was lost. */
export interface Tally {
  /** Counted letters that were found again. */
  chosen: number;
  settled: number;
  /** Letters that came after the count. */
  newcomers: number;
  readonly failures: SendFailures;
}

export function emptyTally(): Tally {
  return { chosen: 0, settled: 0, newcomers: 0, failures: new SendFailures() };
}

/**
 * Settles the counted letters, and no other: the person has not confirmed those that came later.
 * Rejects where the broker is lost.
 */
export async function settleCounted(
  { action, selected, accepts, methodOf, stop }: Counted,
  queue: DeadLetterQueue,
  tally: Tally,
): Promise<{ readonly stopped: boolean }> {
  return queue.visit({
    decide: (letter) => {
      if (!accepts(letter)) return 'keep';
      if (!selected.remove(letter)) {
        tally.newcomers += 1;
        return 'keep';
      }
      tally.chosen += 1;
      return action;
    },
    settling: () => (tally.settled += 1),
    failed: (letter, reason) => tally.failures.add(summaryOf(letter, methodOf).reference, reason),
    stop,
  });
}
