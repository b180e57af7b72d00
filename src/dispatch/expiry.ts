import { fault } from '../protocol/fault.ts';
import type { Method, Work } from '../protocol/method.ts';
import { fail, type ResponseEnvelope } from '../protocol/response.ts';

/** Whether the deadline of the request is over at `now`, in milliseconds since the epoch. */
export function isExpired({ deadline }: Work<unknown>, now: number): boolean {
  return deadline !== undefined && deadline < now;
}

/**
 * The method for requests that were expired at `now`: it changes nothing, and answers what an
 * earlier copy did, else EXPIRED.
 */
export function lookupOnly<Command>(method: Method<Command>, now: number): Method<Command> {
  return {
    ...method,
    execute: async (batch) => {
      const earlier = (await method.findEarlierOutcomes?.(batch)) ?? [];
      return batch.map(({ deadline = 0 }, i) => earlier[i] ?? expired(deadline, now));
    },
  };
}

/**
 * Reports the worker's time: where the clocks of producer and worker disagree, it shows by how
 * much.
 */
function expired(deadline: number, now: number): ResponseEnvelope {
  const over = 'the deadline was over before the request was executed; nothing was changed';
  const clock = `the worker's clock says ${new Date(now).toISOString()}`;
  return fail(fault('EXPIRED', `${over}; ${clock}${deadlineHint(deadline)}`));
}

/** March 1973: no deadline in milliseconds lies before it. In seconds it lies in the year 5138. */
const SECONDS_END_HERE = 100_000_000_000;
/** Seconds since the epoch reached it in 2001. */
const SECONDS_BEGIN_HERE = 1_000_000_000;

/**
 * What the deadline was probably meant as, where it is too early to be meant as milliseconds since
 * the epoch; else nothing.
 */
function deadlineHint(deadline: number): string {
  if (deadline >= SECONDS_END_HERE) return '';
  const meant = deadline >= SECONDS_BEGIN_HERE ? 'seconds' : 'a duration';
  return `; the deadline looks like ${meant}, it has to be a number of milliseconds since 1970`;
}
