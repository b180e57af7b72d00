import {
  UndeliverableLetterError,
  type DeadLetter,
  type DeadLetterQueue,
  type LetterVisitor,
  type Visited,
} from '../protocol/dead-letter.ts';
import type { Selection } from './arguments.ts';
import type { CommandContext } from './context.ts';
import { RememberedLetters } from './remembered-letters.ts';
import { causeOf, isMeant } from './summary.ts';

/** What was seen on a way through the queue. */
interface Looked {
  readonly count: number;
  readonly seen: RememberedLetters;
  /** The person ended it before all was read. */
  readonly stopped: boolean;
}

/** Shows `see` every selected letter once, and leaves all where they are. */
export async function look(
  selection: Selection,
  queue: DeadLetterQueue,
  desk: CommandContext,
  see: (letter: DeadLetter, nth: number) => void,
): Promise<Looked> {
  let count = 0;
  let before = new RememberedLetters();
  let seen = new RememberedLetters();
  const visitor: LetterVisitor = {
    decide: (letter) => {
      if (!isSelected(letter, selection)) return 'keep';
      seen.add(letter);
      if (before.take(letter)) return 'keep';
      count += 1;
      see(letter, count);
      return 'keep';
    },
    pause: desk.drained,
    stop: desk.stop,
  };
  const visit = async (): Promise<Visited> => {
    try {
      return await queue.visit(visitor);
    } catch (error) {
      if (!(error instanceof UndeliverableLetterError)) throw error;
      desk.err(`${error.message} Such letters are now read in another way; their place in the queue changes.`);
      [before, seen] = [seen, new RememberedLetters()];
      return queue.visit(visitor);
    }
  };
  const { otherReaders, stopped } = await visit();
  if (otherReaders > 0) desk.err('Another reader is at this queue; the letters that it holds are left out.');
  return { count, seen, stopped };
}

export function isSelected(letter: DeadLetter, { reference, reason }: Selection): boolean {
  if (reference !== undefined && !isMeant(letter, reference)) return false;
  return reason === undefined || causeOf(letter).toLowerCase() === reason.toLowerCase();
}
