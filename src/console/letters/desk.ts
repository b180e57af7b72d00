import type { DeadLetter, DeadLetterQueue } from '../../protocol/dead-letter.ts';
import { LetterMultiset } from '../../dead-letters/letter-multiset.ts';
import { scan } from '../../dead-letters/scan.ts';
import type { ConsoleContext } from '../context.ts';
import { ConsoleError, reasonOf } from '../problem.ts';
import { filterOf, type LetterFilter } from './filter.ts';
import { LetterGroups, type LetterGroup } from './groups.ts';
import { rowOf, shownCause, type LetterRow } from './row.ts';

/** AMQP's reply code for a missing queue. */
const NOT_FOUND = 404;
/** Works that wait for the queue; each may read all of it. */
const MAX_WAITING = 20;

/** Letters that match, as one reading of the queue found them. */
export interface LetterList {
  /** When the reading ended; ISO 8601. */
  readonly read_at: string;
  /** All letters in the queue. */
  readonly total: number;
  /** Those that match. */
  readonly matched: number;
  /** The first of those, in the order of the queue. */
  readonly letters: readonly LetterRow[];
  /** All letters by cause. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Those that match, by cause, method and error: the largest groups. */
  readonly groups: readonly LetterGroup[];
  /** Letters that match and are in none of these groups. */
  readonly in_other_groups: number;
  /** What the reader of the list has to know, such as another reader of the queue. */
  readonly notes: readonly string[];
}

type Context = Pick<ConsoleContext, 'queue' | 'openLetters' | 'methodOf'>;

/**
 * The only reader of the dead-letter queue in this process. It reads once at a time: two readers
 * would each see only what the other does not hold.
 */
export class LetterDesk {
  readonly #context: Context;
  #queue: DeadLetterQueue | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** The first `limit` letters that match, and the counts of all. */
  list(filter: LetterFilter, limit: number): Promise<LetterList> {
    const matches = filterOf(filter, this.#context.methodOf);
    return this.reading(async (queue) => {
      const reasons = new Map<string, number>();
      const letters: LetterRow[] = [];
      const groups = new LetterGroups(this.#context.methodOf);
      const [notes, total] = [[] as string[], { count: 0, matched: 0 }];
      await readAll(queue, notes, (letter) => {
        total.count += 1;
        const cause = shownCause(letter);
        reasons.set(cause, (reasons.get(cause) ?? 0) + 1);
        if (!matches(letter)) return;
        total.matched += 1;
        groups.add(letter);
        if (letters.length < limit) letters.push(rowOf(letter, this.#context.methodOf));
      });
      const { count, matched } = total;
      const read_at = new Date().toISOString();
      const grouped = { groups: groups.largest(), in_other_groups: groups.others };
      return { read_at, total: count, matched, letters, reasons: Object.fromEntries(reasons), ...grouped, notes };
    });
  }

  /** Reads all letters that match with `read`, which must not keep them. */
  find<T>(matches: (letter: DeadLetter) => boolean, read: (letter: DeadLetter) => T, most: number): Promise<T[]> {
    return this.reading(async (queue) => {
      const found: T[] = [];
      await readAll(queue, [], (letter) => {
        if (found.length < most && matches(letter)) found.push(read(letter));
      });
      return found;
    });
  }

  /** Reads the queue without changing it; once more where an idle connection was lost. */
  reading<T>(read: (queue: DeadLetterQueue) => Promise<T>): Promise<T> {
    return this.#alone(() => this.#read(read));
  }

  /**
   * As `reading`, for a work that must not be repeated. Reads all letters first: then the connection
   * is known to be open, and letters that close connections have been met.
   */
  changing<T>(change: (queue: DeadLetterQueue) => Promise<T>): Promise<T> {
    return this.#alone(async () => {
      await this.#read((queue) => readAll(queue, [], () => undefined));
      return this.#with(change);
    });
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#queue?.close();
    this.#queue = undefined;
  }

  /** Runs after all earlier works, whatever became of them. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING) {
      const problem = new ConsoleError(
        503,
        'BUSY',
        'Too many readings of the dead-letter queue wait. Try again later.',
      );
      return Promise.reject(problem);
    }
    this.#waiting += 1;
    const result = this.#last.then(work).finally(() => (this.#waiting -= 1));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #read<T>(read: (queue: DeadLetterQueue) => Promise<T>): Promise<T> {
    const wasOpen = this.#queue !== undefined;
    try {
      return await this.#with(read);
    } catch (error) {
      if (!wasOpen || isMissing(error)) throw this.#failure(error);
      return this.#with(read).catch((again: unknown) => {
        throw this.#failure(again);
      });
    }
  }

  async #with<T>(work: (queue: DeadLetterQueue) => Promise<T>): Promise<T> {
    this.#queue ??= await this.#context.openLetters();
    try {
      return await work(this.#queue);
    } catch (error) {
      const broken = this.#queue;
      this.#queue = undefined;
      await broken.close();
      throw error;
    }
  }

  #failure(error: unknown): ConsoleError {
    if (error instanceof ConsoleError) return error;
    if (isMissing(error)) {
      return new ConsoleError(
        503,
        'QUEUE_MISSING',
        `There is no queue ${this.#context.queue}.dead. A worker declares it.`,
      );
    }
    return new ConsoleError(503, 'BROKER_UNAVAILABLE', `The dead-letter queue cannot be read: ${reasonOf(error)}`);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === NOT_FOUND;
}

async function readAll(queue: DeadLetterQueue, notes: string[], onLetter: (letter: DeadLetter) => void): Promise<void> {
  const context = { err: (line: string) => void notes.push(line), drained: () => Promise.resolve() };
  await scan(() => true, queue, context, onLetter);
}

/** Counts letters without keeping them. */
export async function counted(
  queue: DeadLetterQueue,
  onLetter: (letter: DeadLetter) => boolean,
): Promise<LetterMultiset> {
  const selected = new LetterMultiset();
  await readAll(queue, [], (letter) => {
    if (onLetter(letter)) selected.add(letter);
  });
  return selected;
}
