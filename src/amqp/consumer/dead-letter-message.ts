import type { Message, Options } from 'amqplib';

import { DROPPED_PREFIX, HEADERS } from '../../protocol/catalogue.ts';
import { DIRECT_REPLY_TO } from '../../protocol/reply.ts';
import type { Diagnosis } from '../../protocol/settlement.ts';
import { headerSize, isTimestamp, shortTextSize } from '../wire/header-table.ts';
import { headersOf, PROPERTY_NAMES, textOf, type OutgoingMessage } from '../wire/messages.ts';

/** How many of a request's properties its dead letter keeps. */
export type KeptProperties = 'all' | 'ids' | 'nothing';

/** Ids that a letter does not keep as properties are kept as text in its headers. */
export const FULLEST_TO_BAREST: readonly KeptProperties[] = ['all', 'ids', 'nothing'];

/** The text properties that are kept, the most important first. */
const TEXTS = [
  'message_id',
  'correlation_id',
  'reply_to',
  'app_id',
  'type',
  'content_type',
  'content_encoding',
] as const satisfies readonly (keyof typeof PROPERTY_NAMES)[];

/** Below the 64 KiB buffer in which amqplib encodes headers. */
const MAX_HEADER_BYTES = 60_000;
/** Bytes of a frame's own fields, and of a header frame's. */
const FRAME_OVERHEAD = 8 + 14;
/** Maximum bytes of the list of dropped names. */
const MAX_LISTED = 500;

/**
 * The request with its diagnosis in headers. Drops what cannot be sent: texts and headers that AMQP
 * cannot carry, and headers that do not fit into the connection's frame, the largest first. Does
 * not copy `expiration` and `user_id`: a dead letter must not expire, and the broker closes the
 * channel over a foreign user.
 */
export function deadLetterMessage(
  request: Message,
  queue: string,
  diagnosis: Diagnosis,
  kept: KeptProperties = 'all',
): OutgoingMessage {
  return {
    queue,
    body: request.content,
    once: true,
    options: (publishId, frameMax) => {
      const letter = new DeadLetterBuilder(Math.min(frameMax, MAX_HEADER_BYTES) - FRAME_OVERHEAD);
      letter.diagnose(diagnosis, publishId);
      letter.keepTexts(request, kept);
      if (kept === 'all') letter.keepHeaders(withoutCopies(headersOf(request)));
      else for (const name of Object.keys(headersOf(request))) letter.drop(name);
      return letter.options();
    },
  };
}

/** Fills a header frame up to its limit. */
class DeadLetterBuilder {
  readonly #properties: Record<string, unknown> = { persistent: true };
  readonly #headers: Record<string, unknown> = {};
  readonly #dropped: string[] = [];
  #room: number;

  constructor(room: number) {
    this.#room = room - MAX_LISTED - 64;
  }

  diagnose(diagnosis: Diagnosis, publishId: string): void {
    const own = {
      [HEADERS.publishId]: publishId,
      [HEADERS.diagnosisCode]: diagnosis.code,
      [HEADERS.diagnosisAttempts]: diagnosis.attempts,
      [HEADERS.diagnosisFirstError]: diagnosis.firstError,
      [HEADERS.diagnosisLastError]: diagnosis.lastError,
      [HEADERS.diagnosisReferenceId]: diagnosis.referenceId,
      [HEADERS.diagnosisTime]: new Date().toISOString(),
    };
    for (const [name, value] of Object.entries(own)) this.#add(name, value);
  }

  keepTexts({ properties }: Message, kept: KeptProperties): void {
    const values = properties as unknown as Readonly<Record<string, unknown>>;
    for (const name of TEXTS) {
      const ours = PROPERTY_NAMES[name];
      const text = textOf(values[ours]);
      if (text === undefined) continue;
      const size = text === DIRECT_REPLY_TO && name === 'reply_to' ? undefined : shortTextSize(text);
      if (kept !== 'nothing' && size !== undefined && size <= this.#room) {
        this.#properties[ours] = text;
        this.#room -= size;
      } else {
        this.drop(name);
        this.#add(`${DROPPED_PREFIX}${name.replaceAll('_', '-')}`, text);
      }
    }
    const timestamp: unknown = properties.timestamp;
    if (timestamp === undefined) return;
    if (kept === 'nothing' || !isTimestamp(timestamp)) return this.drop('timestamp');
    this.#properties['timestamp'] = timestamp;
    this.#room -= 8;
  }

  keepHeaders(headers: Readonly<Record<string, unknown>>): void {
    const sized = Object.entries(headers).map(([name, value]) => ({ name, value, size: headerSize(name, value) }));
    const smallestFirst = sized.toSorted((a, b) => (a.size ?? 0) - (b.size ?? 0));
    const fits = new Set<string>();
    for (const { name, size } of smallestFirst) {
      if (size === undefined || size > this.#room || Object.hasOwn(this.#headers, name)) this.drop(name);
      else {
        this.#room -= size;
        fits.add(name);
      }
    }
    for (const { name, value } of sized) if (fits.has(name)) this.#headers[name] = value;
  }

  drop(name: string): void {
    this.#dropped.push(name);
  }

  options(): Options.Publish {
    if (this.#dropped.length > 0) this.#headers[HEADERS.diagnosisDropped] = listed(this.#dropped);
    return { ...this.#properties, headers: this.#headers };
  }

  #add(name: string, value: string | number): void {
    const size = headerSize(name, value) ?? Infinity;
    if (size > this.#room) return;
    this.#room -= size;
    this.#headers[name] = value;
  }
}

function listed(names: readonly string[]): string {
  const all = names.join(', ');
  if (Buffer.byteLength(all) <= MAX_LISTED) return all;
  return `${names.length} properties and headers, as many do not fit here either`;
}

/**
 * The broker would copy the letter to every queue that CC or BCC names, even to the request queue,
 * forever.
 */
function withoutCopies(headers: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'CC' && name !== 'BCC'));
}
