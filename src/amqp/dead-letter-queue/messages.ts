import { createHash } from 'node:crypto';

import type { Message, Options } from 'amqplib';

import { HEADERS } from '../../protocol/catalogue.ts';
import type { DeadLetter } from '../../protocol/dead-letter.ts';
import { DIRECT_REPLY_TO } from '../../protocol/reply.ts';
import { PROPERTY_NAMES } from '../wire/messages.ts';
import { isUnreadable } from '../wire/unreadable.ts';

/**
 * Properties that are not sent back: the request must not expire, and the broker closes the channel
 * over a foreign `user_id`.
 */
const NOT_SENT_BACK: ReadonlySet<string> = new Set(['expiration', 'user_id']);

/**
 * Headers that the producer did not set: the worker's diagnosis and the broker's own. CC and BCC
 * are the producer's, but would make the broker copy the request to other queues.
 */
const FOREIGN_HEADERS = /^(?:diagnosis-.*|x-death|x-(?:first|last)-death-.*|x-(?:delivery|acquired)-count|B?CC)$/;

/** The broker's own counts of deliveries. */
const DELIVERY_COUNT_HEADER = /^x-(?:delivery|acquired)-count$/;

export function deadLetterOf(message: Message): DeadLetter {
  const { content, properties } = message;
  const values = properties as unknown as Readonly<Record<string, unknown>>;
  const found: Record<string, string | number> = {};
  for (const [name, ours] of Object.entries(PROPERTY_NAMES)) {
    const value = values[ours];
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) found[name] = value;
  }
  const headers = properties.headers ?? {};
  const letter = { body: content, properties: found, headers, identity: identityOf(content, found, headers) };
  return isUnreadable(message) ? { ...letter, unreadable: 'properties' } : letter;
}

/**
 * A digest of everything that belongs to the letter. Letters that differ anywhere have different
 * digests.
 */
function identityOf(body: Buffer, properties: DeadLetter['properties'], headers: DeadLetter['headers']): string {
  const own = Object.entries(headers).filter(([name]) => !DELIVERY_COUNT_HEADER.test(name));
  // Not v8.serialize: it may encode the same number in two ways, depending on V8's internal form.
  const rest = JSON.stringify([properties, own], exact);
  return createHash('sha256').update(rest).update('\n').update(body).digest('base64');
}

/** Distinguishes values that JSON would write alike. */
function exact(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const given = this[name];
  if (Buffer.isBuffer(given)) return { bytes: given.toString('base64') };
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)))
    return { number: String(value) };
  return value;
}

function isForeign(header: string): boolean {
  return header === HEADERS.publishId || FOREIGN_HEADERS.test(header);
}

function isDirectReplyTo(name: string, value: unknown): boolean {
  return name === 'reply_to' && value === DIRECT_REPLY_TO;
}

/**
 * The properties of the request as its producer sent it. Drops what worker and broker added, and a
 * reply_to over which the broker would close the channel.
 */
export function requestOptions({ properties, headers }: DeadLetter): Options.Publish {
  const kept = Object.entries(PROPERTY_NAMES).filter(
    ([name]) => name in properties && !NOT_SENT_BACK.has(name) && !isDirectReplyTo(name, properties[name]),
  );
  const before = headers[HEADERS.sentBack];
  return {
    ...Object.fromEntries(kept.map(([name, ours]) => [ours, properties[name]])),
    persistent: true,
    headers: {
      ...Object.fromEntries(Object.entries(headers).filter(([name]) => !isForeign(name))),
      [HEADERS.sentBack]: (typeof before === 'number' ? before : 0) + 1,
    },
  };
}
