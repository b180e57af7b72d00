import { Buffer } from 'node:buffer';
import { hash, randomBytes } from 'node:crypto';

import { HEADERS } from '../protocol/catalogue.ts';
import { isReadable, type Delivery, type DeliveryProperties } from '../protocol/delivery.ts';
import type { RequestIdentity, RequestKey, UnreadableId } from '../protocol/request-key.ts';
import { deadlineOf } from './deadline.ts';

/**
 * Characters of base64url: 144 bits of SHA-256, without an accidental collision among 10^18
 * requests.
 */
const KEY_LENGTH = 24;

/** The identity depends on the message alone, not on its channel. */
type Message = Omit<Delivery, 'channel'>;

/** Derives a request's identity from its delivery. The body is hashed, not parsed. */
export function identityOf(delivery: Message): RequestIdentity {
  const unreadable = unreadableIdOf(delivery.properties);
  const key = unreadable === undefined ? requestKeyOf(delivery) : uniqueKey();
  return {
    unreadable,
    key,
    attemptId: attemptIdOf(key, delivery) + sendingOf(delivery.properties.headers),
    referenceId: key.id.slice(0, REFERENCE_LENGTH),
    deadline: deadlineOf(delivery.properties.headers),
  };
}

/**
 * The idempotency key of a delivery. With a message id: a hash of app_id, message_id and body,
 * equal for all copies. Without one: unique per delivery; a redelivery also has the prefix of the
 * keys of earlier deliveries with the same reply_to, correlation_id and body. Without any of the
 * three ids, or where one is not UTF-8: unique alone.
 */
function requestKeyOf({ body, size, properties, redelivered }: Message): RequestKey {
  const { appId, messageId, correlationId, replyTo } = properties;
  if (messageId !== undefined) return { id: `m${digest([appId, messageId], body, size)}` };
  if (correlationId === undefined && replyTo === undefined) return uniqueKey();
  const nonce = newNonce();
  const family = `d${digest([replyTo, correlationId], body, size)}~`;
  return redelivered ? { id: family + nonce, earlier: family } : { id: family + nonce };
}

/** The key of a request that nothing identifies. */
function uniqueKey(): RequestKey {
  return { id: `r${newNonce()}` };
}

function newNonce(): string {
  return randomBytes(9).toString('base64url');
}

function unreadableIdOf({ appId, messageId, correlationId, replyTo }: DeliveryProperties): UnreadableId | undefined {
  if (appId !== undefined && !isReadable(appId)) return 'app_id';
  if (messageId !== undefined && !isReadable(messageId)) return 'message_id';
  if (correlationId !== undefined && !isReadable(correlationId)) return 'correlation_id';
  return replyTo !== undefined && !isReadable(replyTo) ? 'reply_to' : undefined;
}

/**
 * An operator who sends a dead letter back grants it new attempts; `contacts dead-letters` counts
 * the sendings in a header.
 */
function sendingOf({ [HEADERS.sentBack]: times }: DeliveryProperties['headers']): string {
  return typeof times === 'number' && Number.isSafeInteger(times) && times > 0 ? `+${times}` : '';
}

/** One character for the kind, 15 of the hash: 90 bits. */
const REFERENCE_LENGTH = 16;

/**
 * A request that nothing identifies has only its body: equal ones may share their attempts, which
 * does no harm.
 */
function attemptIdOf({ id, earlier }: RequestKey, { body, size }: Message): string {
  if (earlier !== undefined) return earlier;
  if (id.startsWith('d')) return id.slice(0, id.indexOf('~') + 1);
  return id.startsWith('r') ? `b${digest([], body, size)}` : id;
}

function digest(parts: readonly (string | undefined)[], body: Uint8Array, size: number | undefined): string {
  // JSON keeps the parts apart: ("ab", "c") and ("a", "bc") must differ.
  const start = `${JSON.stringify(size === undefined ? parts : [...parts, size])}\n`;
  return hash('sha256', joined(start, body), 'base64url').slice(0, KEY_LENGTH);
}

/** Of most requests; new memory for each would be more than its hash costs. */
const scratch = Buffer.alloc(4_096);

/** Valid until the next call. */
function joined(start: string, body: Uint8Array): Uint8Array {
  const most = start.length * MAX_BYTES_PER_UNIT + body.length;
  if (most > scratch.length) return Buffer.concat([Buffer.from(start), body]);
  const length = scratch.write(start);
  scratch.set(body, length);
  return scratch.subarray(0, length + body.length);
}

/** UTF-8 bytes of one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;
