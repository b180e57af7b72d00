import type { RefusalReason } from '../protocol/catalogue.ts';
import { isReadable } from '../protocol/delivery.ts';
import { DIRECT_REPLY_TO } from '../protocol/reply.ts';

/** Why no answer may be sent to the queue that the request names; `undefined` where it may. */
export type ReplyToPolicy = (replyTo: string | undefined) => RefusalReason | undefined;

/**
 * The worker may write to any queue, and the producer chooses it: an answer in one of the worker's
 * own queues would be read as a request, forever. `allow`, where set, must match somewhere in the
 * name.
 */
export function createReplyToPolicy(
  ownQueues: readonly string[],
  allow: { test(queue: string): boolean } | undefined,
): ReplyToPolicy {
  const own = new Set(ownQueues);
  return (replyTo) => {
    if (replyTo === undefined) return undefined;
    if (!isReadable(replyTo)) return 'REPLY_TO_NOT_UTF8';
    if (own.has(replyTo)) return 'REPLY_TO_OWN_QUEUE';
    if (replyTo === DIRECT_REPLY_TO) return 'REPLY_TO_NOT_ALLOWED';
    return allow === undefined || allow.test(replyTo) ? undefined : 'REPLY_TO_NOT_ALLOWED';
  };
}
