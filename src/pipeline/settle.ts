import type { DeadLetterReason } from '../protocol/catalogue.ts';
import type { Result } from '../protocol/execution.ts';
import type { ReplyOutcome } from '../protocol/reply.ts';
import type { Settlement } from '../protocol/settlement.ts';
import type { Answer } from './respond.ts';

/** Answers that did not reach their queue, and the reason in the dead letter. */
const UNDELIVERED: Readonly<Partial<Record<ReplyOutcome | 'none', DeadLetterReason>>> = {
  refused: 'ANSWER_REFUSED',
  unconfirmed: 'ANSWER_UNCONFIRMED',
  unsendable: 'ANSWER_UNSENDABLE',
};

/** How a request ended: its result, the answer to it, and what the broker did with the answer. */
export interface Outcome {
  readonly result: Result;
  readonly answer: Answer | undefined;
  /** `none`: no answer was sent. `stopped`: the publisher stopped before it was confirmed. */
  readonly reply: ReplyOutcome | 'none' | 'stopped';
}

/**
 * Decides what happens to the delivery. Pure. `describe` returns what a dead letter may say of an
 * error.
 */
export function settle(
  { result: { execution, acknowledged }, answer, reply }: Outcome,
  referenceId: string,
  describe: (error: unknown) => string,
): Settlement {
  if (execution.kind === 'abandoned' || reply === 'stopped') return { kind: 'hand-back' };
  if (execution.kind === 'refused') {
    const { reason: code } = execution;
    return { kind: 'dead-letter', diagnosis: { code, attempts: 0, firstError: code, lastError: code, referenceId } };
  }
  const defect = answer?.defect;
  if (defect !== undefined) {
    const { attempts, first, last } = defect;
    const errors = { firstError: describe(first), lastError: describe(last) };
    const diagnosis = { code: 'INTERNAL_ERROR', attempts, ...errors, referenceId } as const;
    return { kind: 'dead-letter', diagnosis, ...(acknowledged !== undefined && { acknowledged }) };
  }
  const code = UNDELIVERED[reply];
  if (answer === undefined || code === undefined) return { kind: 'acknowledge' };
  // If an operator sends it back to the queue, its key yields the same answer without a second
  // effect.
  const { attempts } = execution;
  return {
    kind: 'dead-letter',
    diagnosis: { code, attempts, firstError: answer.code, lastError: answer.code, referenceId },
  };
}
