import type { Delivery } from '../protocol/delivery.ts';
import type { Refused } from '../protocol/execution.ts';
import { fault } from '../protocol/fault.ts';
import { fail } from '../protocol/response.ts';
import type { ReplyToPolicy } from './reply-to-policy.ts';

/**
 * Refuses a delivery that must not be executed. Where `reply_to` is not allowed nothing is
 * answered. Where properties cannot be read its terms (a deadline, for example) are unknown, and it
 * is answered INVALID_REQUEST.
 */
export function createGuard(refusalOf: ReplyToPolicy): (delivery: Delivery) => Refused | undefined {
  return ({ properties, unreadable }) => {
    const reason = refusalOf(properties.replyTo);
    if (reason !== undefined) return { kind: 'refused', reason };
    return unreadable === true ? UNREADABLE : undefined;
  };
}

const UNREADABLE: Refused = {
  kind: 'refused',
  reason: 'UNREADABLE_PROPERTIES',
  response: fail(fault('INVALID_REQUEST', 'the headers of the message cannot be read, or are nested too deep')),
};
