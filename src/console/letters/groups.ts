import { createHash } from 'node:crypto';

import type { DeadLetter } from '../../protocol/dead-letter.ts';
import { listed, shownError } from './own-headers.ts';
import { shownCause, shownMethod, shownTime, type MethodOf } from './row.ts';

/** Letters with the same reason, method and error: they have one cause, and need one decision. */
export interface LetterGroup {
  /** For the filter; the same in every reading. */
  readonly group: string;
  readonly cause: string;
  readonly method: string | null;
  readonly error: string | null;
  readonly count: number;
  /** When the first and the last of them were dead-lettered; ISO 8601. */
  readonly first: string | null;
  readonly last: string | null;
}

/** Groups that are counted in one reading; producers can make as many as they like. */
const MAX_COUNTED = 1_000;
const MAX_SHOWN = 20;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Names the group of a letter. */
export function groupOf(letter: DeadLetter, methodOf: MethodOf): string {
  return nameOf(letter, shownMethod(letter, methodOf));
}

/** A digest: an error may have 60 KB, of which a reading must not keep a thousand. */
function nameOf(letter: DeadLetter, method: string | null): string {
  const parts = JSON.stringify([shownCause(letter), method, shownError(letter, 'last')]);
  return createHash('sha256').update(parts).digest('base64url').slice(0, 16);
}

/** Counts the groups of one reading. */
export class LetterGroups {
  readonly #groups = new Map<string, Writable<LetterGroup>>();
  readonly #methodOf: MethodOf;
  #uncounted = 0;

  constructor(methodOf: MethodOf) {
    this.#methodOf = methodOf;
  }

  add(letter: DeadLetter): void {
    const method = shownMethod(letter, this.#methodOf);
    const group = nameOf(letter, method);
    const time = shownTime(letter);
    const known = this.#groups.get(group);
    if (known !== undefined) {
      known.count += 1;
      if (time === null) return;
      if (known.first === null || time < known.first) known.first = time;
      if (known.last === null || time > known.last) known.last = time;
    } else if (this.#groups.size < MAX_COUNTED) {
      const [cause, error] = [shownCause(letter), listed(shownError(letter, 'last'))];
      this.#groups.set(group, { group, cause, method, error, count: 1, first: time, last: time });
    } else this.#uncounted += 1;
  }

  /** The largest first. */
  largest(): readonly LetterGroup[] {
    return [...this.#groups.values()].toSorted((one, other) => other.count - one.count).slice(0, MAX_SHOWN);
  }

  /** Letters of the groups that `largest` leaves out. */
  get others(): number {
    const shown = this.largest().reduce((sum, { count }) => sum + count, 0);
    const counted = [...this.#groups.values()].reduce((sum, { count }) => sum + count, 0);
    return counted - shown + this.#uncounted;
  }
}
