import type { DeadLetter, DeadLetterQueue } from '../protocol/dead-letter.ts';
import type { Selection } from './arguments.ts';
import type { Desk } from './desk.ts';
import { RememberedLetters } from './remembered.ts';
import { causeOf, isMeant } from './summary.ts';

/** What was seen on a way through the queue. */
interface Looked {
  readonly count: number;
  readonly seen: RememberedLetters;
  /** The person ended it before all was read. */
  readonly stopped: boolean;
}

/** Shows `see` every selected letter, and leaves all where they are. */
export async function look(
  selection: Selection,
  queue: DeadLetterQueue,
  desk: Desk,
  see: (letter: DeadLetter, nth: number) => void,
): Promise<Looked> {
  let count = 0;
  const seen = new RememberedLetters();
  const { otherReaders, stopped } = await queue.visit({
    decide: (letter) => {
      if (!isSelected(letter, selection)) return 'keep';
      count += 1;
      seen.add(letter);
      see(letter, count);
      return 'keep';
    },
    pause: desk.drained,
    stop: desk.stop,
  });
  if (otherReaders > 0) desk.err('Another reader is at this queue; the letters that it holds are left out.');
  return { count, seen, stopped };
}

export function isSelected(letter: DeadLetter, { reference, reason }: Selection): boolean {
  if (reference !== undefined && !isMeant(letter, reference)) return false;
  return reason === undefined || causeOf(letter).toLowerCase() === reason.toLowerCase();
}
