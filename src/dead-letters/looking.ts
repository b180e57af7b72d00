import type { DeadLetter, DeadLetterQueue } from '../protocol/dead-letter.ts';
import type { Selection } from './arguments.ts';
import type { Desk } from './desk.ts';
import { causeOf, isMeant } from './summary.ts';

/** Shows `see` every selected letter, leaves all where they are, and gives the number of those selected. */
export async function look(
  selection: Selection,
  queue: DeadLetterQueue,
  desk: Desk,
  see: (letter: DeadLetter, nth: number) => void,
): Promise<number> {
  let count = 0;
  const { otherReaders } = await queue.visit({
    decide: (letter) => {
      if (!isSelected(letter, selection)) return 'keep';
      count += 1;
      see(letter, count);
      return 'keep';
    },
    pause: desk.drained,
  });
  if (otherReaders > 0) desk.err('Another reader is at this queue; the letters that it holds are left out.');
  return count;
}

export function isSelected(letter: DeadLetter, { reference, reason }: Selection): boolean {
  if (reference !== undefined && !isMeant(letter, reference)) return false;
  return reason === undefined || causeOf(letter).toLowerCase() === reason.toLowerCase();
}

/** `1 letter`, `2 letters`. */
export function counted(count: number): string {
  return `${count} ${count === 1 ? 'letter' : 'letters'}`;
}
