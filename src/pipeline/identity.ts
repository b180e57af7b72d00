import { Buffer } from 'node:buffer';
import { hash, randomBytes } from 'node:crypto';

import { isReadable, type Delivery, type DeliveryProperties } from '../protocol/delivery.ts';
import type { RequestIdentity, RequestKey, UnreadableId } from '../protocol/request-key.ts';
import { deadlineOf } from './deadline.ts';

/** Characters of base64url: 144 bits of SHA-256, and no accidental collision among 10^18 requests. */
const KEY_LENGTH = 24;

/** Who a request is lies in its message, whatever it came over. */
type Message = Omit<Delivery, 'channel'>;

/**
 * The key of a delivery. With a message id: a hash of app_id, message_id and body, equal for all copies. Without one:
 * unique per delivery, and on a redelivery also the prefix that an earlier delivery of the same reply_to, correlation_id
 * and body has. Without any of the three, or where one of them is not UTF-8, unique alone.
 */
function requestKeyOf({ body, properties, redelivered }: Message): RequestKey {
  const { appId, messageId, correlationId, replyTo } = properties;
  if (messageId !== undefined) return { id: `m${digest([appId, messageId], body)}` };
  if (correlationId === undefined && replyTo === undefined) return uniqueKey();
  const nonce = nonceText();
  const family = `d${digest([replyTo, correlationId], body)}~`;
  return redelivered ? { id: family + nonce, earlier: family } : { id: family + nonce };
}

/** The key of what nothing identifies. */
function uniqueKey(): RequestKey {
  return { id: `r${nonceText()}` };
}

function nonceText(): string {
  return randomBytes(9).toString('base64url');
}

function unreadableIdOf({ appId, messageId, correlationId, replyTo }: DeliveryProperties): UnreadableId | undefined {
  if (appId !== undefined && !isReadable(appId)) return 'app_id';
  if (messageId !== undefined && !isReadable(messageId)) return 'message_id';
  if (correlationId !== undefined && !isReadable(correlationId)) return 'correlation_id';
  return replyTo !== undefined && !isReadable(replyTo) ? 'reply_to' : undefined;
}

/** Who a request is, read off its delivery; its body is hashed and not looked at. */
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

/** A person who sends a dead letter back gives it new attempts; `contacts dead-letters` counts the sendings in this header. */
function sendingOf({ 'sent-back': times }: Delivery['properties']['headers']): string {
  return typeof times === 'number' && Number.isSafeInteger(times) && times > 0 ? `+${times}` : '';
}

/** 15 characters of a hash behind its kind: 90 bits. */
const REFERENCE_LENGTH = 16;

/** Of what nothing identifies only the body is left: equal ones may share their attempts, which does them no harm. */
function attemptIdOf({ id, earlier }: RequestKey, { body }: Message): string {
  if (earlier !== undefined) return earlier;
  if (id.startsWith('d')) return id.slice(0, id.indexOf('~') + 1);
  return id.startsWith('r') ? `b${digest([], body)}` : id;
}

function digest(parts: readonly (string | undefined)[], body: Uint8Array): string {
  // JSON keeps the parts apart: ("ab", "c") and ("a", "bc") must not meet.
  const hashed = Buffer.concat([Buffer.from(`${JSON.stringify(parts)}\n`), body]);
  return hash('sha256', hashed, 'base64url').slice(0, KEY_LENGTH);
}
