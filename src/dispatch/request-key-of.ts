import { createHash, randomBytes } from 'node:crypto';

import type { Delivery } from '../protocol/delivery.ts';
import type { RequestKey } from '../protocol/request-key.ts';

/** 144 bits of SHA-256: no padding in base64url, and no accidental collision among 10^18 requests. */
const KEY_BYTES = 18;

/**
 * The key of a delivery. With a message id: a hash of app_id, message_id and body, equal for all copies. Without one:
 * unique per delivery, and on a redelivery also the prefix that an earlier delivery of the same reply_to, correlation_id
 * and body has. Without any of the three, unique alone.
 */
export function requestKeyOf({ body, properties, redelivered }: Delivery): RequestKey {
  const { appId, messageId, correlationId, replyTo } = properties;
  if (messageId !== undefined) return { id: `m${digest([appId, messageId], body)}` };
  const nonce = randomBytes(9).toString('base64url');
  if (correlationId === undefined && replyTo === undefined) return { id: `r${nonce}` };
  const family = `d${digest([replyTo, correlationId], body)}~`;
  return redelivered ? { id: family + nonce, earlier: family } : { id: family + nonce };
}

/** Names the request in answers, logs and dead letters; equal for all deliveries of it, and says nothing of its content. */
export function referenceIdOf(key: RequestKey): string {
  return key.id.slice(0, 16);
}

function digest(parts: readonly (string | undefined)[], body: Uint8Array): string {
  // JSON keeps the parts apart: ("ab", "c") and ("a", "bc") must not meet.
  const hash = createHash('sha256').update(JSON.stringify(parts)).update('\n').update(body);
  return hash.digest().subarray(0, KEY_BYTES).toString('base64url');
}
