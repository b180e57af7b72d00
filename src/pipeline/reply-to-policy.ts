import { isReadable } from '../protocol/delivery.ts';
import { DIRECT_REPLY_TO } from '../protocol/reply.ts';
import type { ReplyToPattern } from '../settings/reply-to-pattern.ts';

/** Why an answer must not be sent where the request asks for it, or `undefined` where it may. */
export type ReplyToPolicy = (
  replyTo: string | undefined,
) => 'REPLY_TO_OWN_QUEUE' | 'REPLY_TO_NOT_ALLOWED' | 'REPLY_TO_NOT_UTF8' | undefined;

/**
 * The worker may write to any queue and the producer says to which: an answer in the worker's own queues would be read
 * as a request, for ever. `allow`, where set, must match somewhere in the name.
 */
export function createReplyToPolicy(ownQueues: readonly string[], allow: ReplyToPattern | undefined): ReplyToPolicy {
  const own = new Set(ownQueues);
  return (replyTo) => {
    if (replyTo === undefined) return undefined;
    if (!isReadable(replyTo)) return 'REPLY_TO_NOT_UTF8';
    if (own.has(replyTo)) return 'REPLY_TO_OWN_QUEUE';
    if (replyTo === DIRECT_REPLY_TO) return 'REPLY_TO_NOT_ALLOWED';
    return allow === undefined || allow.test(replyTo) ? undefined : 'REPLY_TO_NOT_ALLOWED';
  };
}
