import { HEADERS } from '../../protocol/catalogue.ts';
import type { DeadLetter } from '../../protocol/dead-letter.ts';
import { canBeForced, causeOf, obstacleTo, summaryOf, timeOf, type Obstacle } from '../../dead-letters/summary.ts';
import { listed, shownError, shownId } from './own-headers.ts';

/** A letter in the list: ids, codes and times, nothing of a contact. */
export interface LetterRow {
  /** Names the letter here: a digest of all of it. */
  readonly id: string;
  readonly reference: string;
  readonly cause: string;
  readonly attempts: number | null;
  /** When it was dead-lettered; ISO 8601. */
  readonly time: string | null;
  readonly method: string | null;
  readonly bytes: number;
  readonly message_id: string | null;
  readonly correlation_id: string | null;
  readonly app_id: string | null;
  /** Their beginnings, of 200 characters; all of them in `HiddenLetter`. */
  readonly first_error: string | null;
  readonly last_error: string | null;
  readonly sent_back: number;
  /** Why it should not be sent back. */
  readonly obstacle: Obstacle | null;
  readonly can_be_forced: boolean;
}

/** Methods of the API look like this; anything else is the producer's text. */
const METHOD_LIKE = /^[a-z]{1,32}\.[a-z]{1,32}$/;

/** Reads the method from a request's bytes; does not throw. */
export type MethodOf = (body: Uint8Array) => string | undefined;

export function rowOf(letter: DeadLetter, methodOf: MethodOf): LetterRow {
  const { reference, attempts } = summaryOf(letter, methodOf);
  const obstacle = obstacleTo(letter) ?? null;
  const { headers, properties } = letter;
  const sentBack = headers[HEADERS.sentBack];
  return {
    id: letterId(letter),
    reference: shownId(reference) ?? '',
    cause: shownCause(letter),
    attempts: attempts ?? null,
    time: shownTime(letter),
    method: shownMethod(letter, methodOf),
    bytes: letter.body.length,
    message_id: shownId(properties['message_id']),
    correlation_id: shownId(properties['correlation_id']),
    app_id: shownId(properties['app_id']),
    first_error: listed(shownError(letter, 'first')),
    last_error: listed(shownError(letter, 'last')),
    sent_back: typeof sentBack === 'number' ? sentBack : 0,
    obstacle,
    can_be_forced: obstacle !== null && canBeForced(obstacle),
  };
}

/** For a URL; equal for letters that are equal in everything. */
export function letterId({ identity }: DeadLetter): string {
  return identity.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Any producer can write the header. */
export function shownCause(letter: DeadLetter): string {
  const cause = causeOf(letter);
  return /^[\w-]{1,64}$/.test(cause) ? cause : 'unknown';
}

export function shownMethod({ body }: DeadLetter, methodOf: MethodOf): string | null {
  const method = methodOf(body);
  return method === undefined ? null : METHOD_LIKE.test(method) ? method : 'unknown';
}

/** A producer may have written it: `null` where it is no time. */
export function shownTime(letter: DeadLetter): string | null {
  const time = timeOf(letter);
  const at = time === undefined ? NaN : Date.parse(time);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}
