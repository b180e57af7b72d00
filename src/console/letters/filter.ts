import type { DeadLetter } from '../../protocol/dead-letter.ts';
import { bodyContainsText } from '../../dead-letters/letter-text.ts';
import { matchesReference } from '../../dead-letters/summary.ts';
import { groupOf } from './groups.ts';
import { shownError } from './own-headers.ts';
import { letterId, rowOf, shownCause, type MethodOf } from './row.ts';

/** Which letters a person wants. All that are set must match. */
export interface LetterFilter {
  /** Ids of letters, as `letterId` makes them; `undefined`: any. */
  readonly ids?: ReadonlySet<string> | undefined;
  /** The whole cause; ignores case. */
  readonly reason?: string | undefined;
  /** A group, as `groupOf` names it. */
  readonly group?: string | undefined;
  /** Part of a reference, an id, the method or an error; ignores case. */
  readonly search?: string | undefined;
  /** Search the bodies, too. They hold personal data. */
  readonly contents?: boolean | undefined;
}

export function filterOf(
  { ids, reason, group, search, contents = false }: LetterFilter,
  methodOf: MethodOf,
): (letter: DeadLetter) => boolean {
  const given = search?.trim() ?? '';
  const wanted = given.toLowerCase();
  return (letter) => {
    if (ids !== undefined && !ids.has(letterId(letter))) return false;
    if (reason !== undefined && shownCause(letter).toLowerCase() !== reason.toLowerCase()) return false;
    if (group !== undefined && groupOf(letter, methodOf) !== group) return false;
    return wanted === '' || matchesReference(letter, given) || isFound(letter, wanted, contents, methodOf);
  };
}

function isFound(letter: DeadLetter, wanted: string, contents: boolean, methodOf: MethodOf): boolean {
  const { reference, method, message_id, correlation_id, app_id } = rowOf(letter, methodOf);
  const errors = [shownError(letter, 'first'), shownError(letter, 'last')];
  const texts = [reference, shownCause(letter), method, message_id, correlation_id, app_id, ...errors];
  if (texts.some((text) => text?.toLowerCase().includes(wanted) === true)) return true;
  return contents && bodyContainsText(letter.body, wanted);
}
