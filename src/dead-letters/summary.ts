import { createHash } from 'node:crypto';

import type { DeadLetter } from '../protocol/dead-letter.ts';
import { DIRECT_REPLY_TO } from '../protocol/reply.ts';

/** What can be told of a letter on one line. Holds ids and codes, nothing of a contact. */
export interface Summary {
  /** The reference of the answer and the log; the message id where the broker dead-lettered it; else a hash of it. */
  readonly reference: string;
  /** The worker's diagnosis, or the broker's reason (`expired`, `maxlen` …), or `unreadable`, or `unknown`. */
  readonly cause: string;
  /** How often the request was started; `undefined` where no worker has had it. */
  readonly attempts: number | undefined;
  /** When it was dead-lettered; ISO 8601, UTC. */
  readonly time: string | undefined;
  readonly method: string | undefined;
  /** Size of the body of a letter that cannot be read whole. */
  readonly bytes?: number;
}

/** `methodOf` reads the method off a request's bytes; must not throw. */
export function summaryOf(letter: DeadLetter, methodOf: (body: Uint8Array) => string | undefined): Summary {
  const { headers, unreadable } = letter;
  const attempts = headers['diagnosis-attempts'];
  return {
    reference: referencesOf(letter)[0] ?? hashOf(letter),
    cause: causeOf(letter),
    attempts: typeof attempts === 'number' ? attempts : undefined,
    time: textOf(headers['diagnosis-time']) ?? deathTime(headers),
    method: methodOf(letter.body),
    ...(unreadable !== undefined && { bytes: letter.body.length }),
  };
}

/** Whether a person who writes this means this letter: its reference, its message id, or its hash where it has neither. */
export function isMeant(letter: DeadLetter, reference: string): boolean {
  const references = referencesOf(letter);
  return references.length === 0 ? hashOf(letter) === reference : references.includes(reference);
}

/** The worker's diagnosis, or the broker's reason, or `unknown`; `unreadable` where the headers that tell it are missing. */
export function causeOf({ headers, unreadable }: DeadLetter): string {
  if (unreadable !== undefined) return 'unreadable';
  return textOf(headers['diagnosis-code']) ?? textOf(lastDeath(headers)?.['reason']) ?? 'unknown';
}

/** Why the letter had better not be sent back, or `undefined`. */
export function hindranceOf(letter: DeadLetter): Hindrance | undefined {
  if (letter.unreadable !== undefined) return 'unreadable';
  const cause = causeOf(letter);
  if (cause.startsWith('REPLY_TO_')) return 'comes back';
  if (letter.properties['reply_to'] === DIRECT_REPLY_TO) return 'nobody waits';
  if (Object.values(letter.properties).some((value) => String(value).includes(REPLACEMENT))) return 'not the same';
  const mayHaveRun = cause.startsWith('ANSWER_') || cause === 'INTERNAL_ERROR';
  return mayHaveRun && textOf(letter.properties['message_id']) === undefined ? 'not recognised' : undefined;
}

/** Stands where bytes were not UTF-8. */
const REPLACEMENT = '\ufffd';

/**
 * `comes back`: the worker refuses its reply_to again. `not recognised`: it may have had its effect, and without a
 * message id the worker cannot see that it had. `nobody waits`: the broker takes its reply_to only from whoever waits for
 * the answer. `not the same`: its properties are not UTF-8. `unreadable`: parts of it are missing.
 */
export type Hindrance = 'comes back' | 'not recognised' | 'nobody waits' | 'not the same' | 'unreadable';

/** Whether it is sent back in no case. */
export function isFinal(hindrance: Hindrance): boolean {
  return hindrance === 'unreadable';
}

function referencesOf({ headers, properties }: DeadLetter): string[] {
  const found = [textOf(headers['diagnosis-reference-id']), textOf(properties['message_id'])];
  return found.filter((reference) => reference !== undefined);
}

/** Equal for equal letters only, which may share their fate. */
function hashOf({ body, properties, headers }: DeadLetter): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([properties, deathTime(headers)]))
    .update('\n')
    .update(body);
  return `hash-${hash.digest('hex').slice(0, 16)}`;
}

/** The latest entry of the broker's own record. */
function lastDeath(headers: DeadLetter['headers']): Readonly<Record<string, unknown>> | undefined {
  const deaths = headers['x-death'];
  const latest: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  return typeof latest === 'object' && latest !== null ? (latest as Record<string, unknown>) : undefined;
}

function deathTime(headers: DeadLetter['headers']): string | undefined {
  const time = lastDeath(headers)?.['time'];
  const seconds = typeof time === 'object' && time !== null ? (time as { value?: unknown }).value : time;
  const date = new Date(typeof seconds === 'number' ? seconds * 1_000 : Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
