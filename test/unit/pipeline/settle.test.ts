import { expect, test } from 'vitest';

import type { Answer } from '../../../src/pipeline/respond.ts';
import { settle, type Outcome } from '../../../src/pipeline/settle.ts';
import { DEAD_LETTER_REASONS } from '../../../src/protocol/catalogue.ts';
import type { Execution, Refused, Result } from '../../../src/protocol/execution.ts';
import { ok } from '../../../src/protocol/response.ts';

const done: Execution = { kind: 'done', response: ok(), attempts: 2, batch: 3 };
const defect = { kind: 'defect', first: new Error('one'), last: new Error('two'), attempts: 5, batch: 1 } as const;
const answered: Answer = { body: Buffer.from('<response/>'), headers: { status: 'ok' }, code: 'OK' };
const internalError: Answer = { ...answered, headers: { status: 'fail' }, code: 'INTERNAL_ERROR', defect };
const describeError = (error: unknown): string => (error as Error).message;

function settlementOf(
  execution: Result['execution'],
  answer: Answer | undefined,
  reply: Outcome['reply'],
): ReturnType<typeof settle> {
  return settle({ result: { method: 'm', execution }, answer, reply }, 'reference', describeError);
}

test.each(['routed', 'returned', 'none'] as const)(
  'an executed request whose answer was %s is acknowledged',
  (reply) => {
    expect(settlementOf(done, answered, reply)).toEqual({ kind: 'acknowledge' });
  },
);

test.each([
  ['refused', 'ANSWER_REFUSED'],
  ['unconfirmed', 'ANSWER_UNCONFIRMED'],
  ['unsendable', 'ANSWER_UNSENDABLE'],
] as const)('an answer that was %s dead-letters its request as %s', (reply, code) => {
  expect(settlementOf(done, answered, reply)).toEqual({
    kind: 'dead-letter',
    diagnosis: { code, attempts: 2, firstError: 'OK', lastError: 'OK', referenceId: 'reference' },
  });
});

test.each(['routed', 'refused', 'none'] as const)(
  'a defect is dead-lettered with both errors, its answer %s',
  (reply) => {
    expect(settlementOf(defect, internalError, reply)).toEqual({
      kind: 'dead-letter',
      diagnosis: {
        code: 'INTERNAL_ERROR',
        attempts: 5,
        firstError: 'one',
        lastError: 'two',
        referenceId: 'reference',
      },
    });
  },
);

test('a defect passes on what to call after the acknowledgement', () => {
  const acknowledged = (): void => undefined;
  const result = { method: 'm', execution: defect, acknowledged };
  const outcome: Outcome = { result, answer: internalError, reply: 'routed' };
  expect(settle(outcome, 'reference', describeError)).toMatchObject({ acknowledged });
});

test.each([
  [{ kind: 'abandoned' }, 'none'],
  [done, 'stopped'],
  [defect, 'stopped'],
  [{ kind: 'refused', reason: 'UNREADABLE_PROPERTIES' }, 'stopped'],
] as const)('a request that was not finished goes back to the queue: %j, reply %s', (execution, reply) => {
  const answer = execution.kind === 'abandoned' ? undefined : answered;
  expect(settlementOf(execution, answer, reply)).toEqual({ kind: 'hand-back' });
});

test.each(['REPLY_TO_OWN_QUEUE', 'REPLY_TO_NOT_ALLOWED', 'REPLY_TO_NOT_UTF8', 'UNREADABLE_PROPERTIES'] as const)(
  'a request refused as %s is dead-lettered without an attempt',
  (reason) => {
    const refused: Refused = { kind: 'refused', reason };
    expect(settlementOf(refused, undefined, 'none')).toEqual({
      kind: 'dead-letter',
      diagnosis: { code: reason, attempts: 0, firstError: reason, lastError: reason, referenceId: 'reference' },
    });
    expect(Object.keys(DEAD_LETTER_REASONS)).toContain(reason);
  },
);
