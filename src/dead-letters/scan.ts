import {
  UndeliverableLetterError,
  type DeadLetter,
  type DeadLetterQueue,
  type LetterVisitor,
  type Visited,
} from '../protocol/dead-letter.ts';
import type { Selection } from './arguments.ts';
import type { CommandContext } from './context.ts';
import { LetterMultiset } from './letter-multiset.ts';
import { containsText } from './letter-text.ts';
import { causeOf, matchesReference, timeOf } from './summary.ts';

/** What a scan found. */
interface ScanResult {
  readonly count: number;
  /** The selected letters. */
  readonly seen: LetterMultiset;
  /** The person interrupted it before all letters were read. */
  readonly stopped: boolean;
}

/** Passes every letter that `selects` accepts to `onLetter` once, and keeps all in the queue. */
export async function scan(
  selects: (letter: DeadLetter) => boolean,
  queue: DeadLetterQueue,
  context: Pick<CommandContext, 'err' | 'drained' | 'stop'>,
  onLetter: (letter: DeadLetter, nth: number) => void,
): Promise<ScanResult> {
  let count = 0;
  let seenBefore = new LetterMultiset();
  let seen = new LetterMultiset();
  const visitor: LetterVisitor = {
    decide: (letter) => {
      if (!selects(letter)) return 'keep';
      seen.add(letter);
      if (seenBefore.remove(letter)) return 'keep';
      count += 1;
      onLetter(letter, count);
      return 'keep';
    },
    pause: context.drained,
    stop: context.stop,
  };
  const visit = async (): Promise<Visited> => {
    try {
      return await queue.visit(visitor);
    } catch (error) {
      if (!(error instanceof UndeliverableLetterError)) throw error;
      context.err(`${error.message} Such letters are now read over AMQP 1.0, and move to the end of the queue.`);
      [seenBefore, seen] = [seen, new LetterMultiset()];
      return queue.visit(visitor);
    }
  };
  const { otherReaders, stopped } = await visit();
  if (otherReaders > 0) context.err('Another reader consumes from this queue; letters that it holds are not included.');
  return { count, seen, stopped };
}

function isSelected(letter: DeadLetter, { reference, reason, before, containing }: Selection): boolean {
  if (reference !== undefined && !matchesReference(letter, reference)) return false;
  if (reason !== undefined && causeOf(letter).toLowerCase() !== reason.toLowerCase()) return false;
  if (before !== undefined && !isOlder(letter, before)) return false;
  return containing === undefined || containsText(letter, containing);
}

/** A letter whose time is unknown is not older than anything. */
function isOlder(letter: DeadLetter, before: number): boolean {
  return Date.parse(timeOf(letter) ?? '') < before;
}

/** The letters that a command selects. */
export function selecting(selection: Selection): (letter: DeadLetter) => boolean {
  return (letter) => isSelected(letter, selection);
}
