import { createHash } from 'node:crypto';

import { DEAD_LETTER_REASONS, HEADERS, type DeadLetterReason } from '../protocol/catalogue.ts';
import type { DeadLetter } from '../protocol/dead-letter.ts';
import { DIRECT_REPLY_TO } from '../protocol/reply.ts';

/** What the list shows of a letter: ids and codes, nothing of a contact. */
export interface Summary {
  /**
   * The reference in the answer and the log; the message id where the broker dead-lettered it; else
   * a hash of the letter.
   */
  readonly reference: string;
  /**
   * The worker's reason, the broker's reason (`expired`, `maxlen` …), `unreadable` or `unknown`.
   */
  readonly cause: string;
  /** How often workers started the request; `undefined` where none did. */
  readonly attempts: number | undefined;
  /** When the request was dead-lettered; ISO 8601, UTC. */
  readonly time: string | undefined;
  readonly method: string | undefined;
  /** Size of the body; only of letters with unreadable parts. */
  readonly bytes?: number;
}

/** `methodOf` reads the method from a request's bytes; it must not throw. */
export function summaryOf(letter: DeadLetter, methodOf: (body: Uint8Array) => string | undefined): Summary {
  const { headers, unreadable } = letter;
  const attempts = headers[HEADERS.diagnosisAttempts];
  return {
    reference: referencesOf(letter)[0] ?? hashOf(letter),
    cause: causeOf(letter),
    attempts: typeof attempts === 'number' ? attempts : undefined,
    time: timeOf(letter),
    method: methodOf(letter.body),
    ...(unreadable !== undefined && { bytes: letter.body.length }),
  };
}

/** When the letter was dead-lettered, as worker or broker wrote it; not validated. */
export function timeOf({ headers }: DeadLetter): string | undefined {
  return textOf(headers[HEADERS.diagnosisTime]) ?? deathTime(headers);
}

/**
 * Whether `reference` names the letter: its reference, its message id, or its hash where it has
 * neither.
 */
export function matchesReference(letter: DeadLetter, reference: string): boolean {
  const references = referencesOf(letter);
  return references.length === 0 ? hashOf(letter) === reference : references.includes(reference);
}

/** See `Summary.cause`; `unreadable` where the headers that hold it are missing. */
export function causeOf({ headers, unreadable }: DeadLetter): string {
  if (unreadable !== undefined) return 'unreadable';
  return textOf(headers[HEADERS.diagnosisCode]) ?? textOf(lastDeath(headers)?.['reason']) ?? 'unknown';
}

/**
 * Why a letter should not be sent back. `refused again`: the worker refuses its reply_to again.
 * `not idempotent`: it may have taken effect, and without a message id the worker cannot recognise
 * it. `no reply address`: the broker accepts its reply_to only from the requester that waits.
 * `altered`: its properties are not UTF-8. `unreadable`: parts are missing.
 */
export type Obstacle = 'refused again' | 'not idempotent' | 'no reply address' | 'altered' | 'unreadable';

/** Whether --force overrides the obstacle. */
export function canBeForced(obstacle: Obstacle): boolean {
  return obstacle !== 'unreadable';
}

/** Why the letter should not be sent back; `undefined` where nothing is against it. */
export function obstacleTo(letter: DeadLetter): Obstacle | undefined {
  if (letter.unreadable !== undefined) return 'unreadable';
  const cause = causeOf(letter);
  const execution = executionOf(cause);
  if (execution === 'refused') return 'refused again';
  if (letter.properties['reply_to'] === DIRECT_REPLY_TO) return 'no reply address';
  if (Object.values(letter.properties).some((value) => String(value).includes(REPLACEMENT))) return 'altered';
  const hasMessageId = textOf(letter.properties['message_id']) !== undefined;
  return execution === 'possible' && !hasMessageId ? 'not idempotent' : undefined;
}

/**
 * `refused`: not executed, and never will be with this reply_to. `possible`: may have taken effect.
 * `none`: has not.
 */
const EXECUTION_OF: Readonly<Record<DeadLetterReason, 'refused' | 'possible' | 'none'>> = {
  INTERNAL_ERROR: 'possible',
  REPLY_TO_OWN_QUEUE: 'refused',
  REPLY_TO_NOT_ALLOWED: 'refused',
  REPLY_TO_NOT_UTF8: 'refused',
  UNREADABLE_PROPERTIES: 'none',
  ANSWER_REFUSED: 'possible',
  ANSWER_UNCONFIRMED: 'possible',
  ANSWER_UNSENDABLE: 'possible',
};

function executionOf(cause: string): 'refused' | 'possible' | 'none' {
  if (isReason(cause)) return EXECUTION_OF[cause];
  // The worker could not publish the letter itself, for any of its reasons; the log alone has it.
  return cause === 'rejected' ? 'possible' : 'none';
}

function isReason(cause: string): cause is DeadLetterReason {
  return Object.hasOwn(DEAD_LETTER_REASONS, cause);
}

/** Replaces bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd';

function referencesOf({ headers, properties }: DeadLetter): string[] {
  const found = [textOf(headers[HEADERS.diagnosisReferenceId]), textOf(properties['message_id'])];
  return found.filter((reference) => reference !== undefined);
}

/** Differs for different letters; equal letters may be settled together. */
function hashOf({ body, properties, headers }: DeadLetter): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([properties, deathTime(headers)]))
    .update('\n')
    .update(body);
  return `hash-${hash.digest('hex').slice(0, 16)}`;
}

/** The latest entry of the broker's `x-death` header. */
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
