import type { Answer } from './respond.ts';
import type { Delivery } from '../protocol/delivery.ts';
import type { Defect, Done, Performed } from '../protocol/execution.ts';
import type { ReplyOutcome } from '../protocol/reply.ts';
import type { RequestIdentity } from '../protocol/request-key.ts';
import type { Settlement } from '../protocol/settlement.ts';

/** What is logged and counted of each request. No personal data. */
export interface Outcome {
  /** `request` where it is unknown. */
  readonly method: string;
  readonly status: 'ok' | 'fail' | 'refused' | 'handed-back';
  /** `OK`, the first fault's code, or why it was refused or handed back. */
  readonly code: string;
  readonly attempts: number;
  readonly batch: number;
  readonly reply: ReplyOutcome | 'none';
  readonly redelivered: boolean;
  /** The effect was there before, from an earlier copy of this request. */
  readonly repeated: boolean;
  readonly referenceId: string;
  /** The producer's own id, where it is a UUID: any other text could say something of a person. */
  readonly messageId: string | undefined;
  /** Milliseconds from the delivery to its settlement. */
  readonly ms: number;
  readonly error?: unknown;
}

export interface RecordStages {
  readonly identify: (delivery: Delivery) => RequestIdentity;
  /** What operators may be told of an error: never a value of a request. */
  readonly describe: (error: unknown) => string;
  readonly finished: (outcome: Outcome) => void;
}

/** The ways in which a request can end: each says what is to become of its delivery, and tells `finished` once. */
export class RequestRecord {
  readonly identity: RequestIdentity;
  readonly #delivery: Delivery;
  readonly #stages: RecordStages;
  readonly #startedAt = performance.now();

  constructor(delivery: Delivery, stages: RecordStages) {
    this.identity = stages.identify(delivery);
    this.#delivery = delivery;
    this.#stages = stages;
  }

  /** Not executed; `reply` is what became of an answer that says so, if one was sent. */
  refused(reason: string, reply: ReplyOutcome | 'none' = 'none'): Settlement {
    this.#finish({ method: 'request', status: 'refused', code: reason, reply });
    return this.#deadLetter(reason, 0, reason, reason);
  }

  /** The worker is stopping, or the broker has handed it out again already; another delivery will do it. */
  handedBack(method: string): Settlement {
    const code = this.#delivery.channel.gone ? 'CHANNEL_GONE' : 'STOPPING';
    this.#finish({ method, status: 'handed-back', code });
    return { kind: 'hand-back' };
  }

  /** Executed, or refused as the caller's mistake, and answered as far as the broker let us. */
  answered(
    { method, acknowledged }: Performed,
    execution: Done | Defect,
    answer: Answer,
    reply: ReplyOutcome | 'none',
  ): Settlement {
    const { attempts, batch } = execution;
    const { code, defect } = answer;
    const status = answer.headers['status'] === 'ok' ? 'ok' : 'fail';
    const repeated = answer.headers['repeated'] === true;
    this.#finish({ method, status, code, attempts, batch, reply, repeated, ...(defect && { error: defect.last }) });
    if (defect !== undefined) {
      const { describe } = this.#stages;
      const letter = this.#deadLetter(code, defect.attempts, describe(defect.first), describe(defect.last));
      return acknowledged === undefined ? letter : { ...letter, acknowledged };
    }
    if (reply === 'refused' || reply === 'unconfirmed' || reply === 'unsendable') {
      // Sent back to the queue by an operator, its key makes it give the same answer without a second effect.
      return this.#deadLetter(`ANSWER_${reply.toUpperCase()}`, attempts, code, code);
    }
    return { kind: 'acknowledge' };
  }

  #deadLetter(
    code: string,
    attempts: number,
    firstError: string,
    lastError: string,
  ): Settlement & { readonly kind: 'dead-letter' } {
    const { referenceId } = this.identity;
    return { kind: 'dead-letter', diagnosis: { code, attempts, firstError, lastError, referenceId } };
  }

  #finish(outcome: Pick<Outcome, 'method' | 'status' | 'code'> & Partial<Outcome>): void {
    this.#stages.finished({
      attempts: 0,
      batch: 0,
      reply: 'none',
      repeated: false,
      ...outcome,
      redelivered: this.#delivery.redelivered,
      referenceId: this.identity.referenceId,
      messageId: uuidOf(this.#delivery.properties.messageId),
      ms: performance.now() - this.#startedAt,
    });
  }
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

function uuidOf(id: string | undefined): string | undefined {
  return id !== undefined && UUID.test(id) ? id : undefined;
}
