import { answerTo, type Answer } from './respond.ts';
import { isReadable, type Delivery, type DeliveryChannel, type DeliveryProperties } from '../protocol/delivery.ts';
import type { Done, Execution, ExecutionTerms, Performed } from '../protocol/execution.ts';
import { fault, type Fault } from '../protocol/fault.ts';
import { PublisherStoppedError, type Reply, type ReplyOutcome } from '../protocol/reply.ts';
import type { RequestEnvelope } from '../protocol/request.ts';
import type { RequestIdentity } from '../protocol/request-key.ts';
import { fail, type ResponseEnvelope } from '../protocol/response.ts';
import type { Settlement } from '../protocol/settlement.ts';
import { RequestRecord, type RecordStages } from './record.ts';

/** The stages, in the order in which a request passes them. What one throws is a defect and answered as such. */
export interface Stages extends RecordStages {
  /** Why the request's `reply_to` is refused, or `undefined`. */
  readonly guard: (replyTo: string | undefined) => string | undefined;
  readonly decode: (body: Uint8Array, contentEncoding?: string) => Decoded;
  /** Whether there is such a method. */
  readonly knows: (method: string) => boolean;
  /** Runs `run` when it is the request's turn to be started, and counts its attempts. Neither rejects. */
  readonly attempt: (
    start: { readonly attemptId: string; readonly redelivered: boolean; readonly channel: DeliveryChannel },
    run: (attemptsBefore: number | undefined) => Promise<Performed>,
  ) => Promise<Performed>;
  readonly execute: (request: RequestEnvelope, terms: ExecutionTerms) => Promise<Execution>;
  readonly encode: (response: ResponseEnvelope) => Buffer;
  /** Rejects with `PublisherStoppedError` only. */
  readonly publish: (reply: Reply) => Promise<ReplyOutcome>;
}

/** What decoding gives; `method` where the document names one although it is not a request. */
export type Decoded =
  | { readonly ok: true; readonly request: RequestEnvelope }
  | { readonly ok: false; readonly fault: Fault; readonly method?: string };

/** One delivery in, one settlement out. */
export function createPipeline(stages: Stages): (delivery: Delivery) => Promise<Settlement> {
  return async (delivery) => {
    const record = new RequestRecord(delivery, stages);
    const refusal = stages.guard(delivery.properties.replyTo);
    if (refusal !== undefined) return record.refused(refusal);

    if (delivery.unreadable === true) return refuseUnreadable(delivery, record, stages);

    const { identity } = record;
    const { redelivered, channel } = delivery;
    const start = { attemptId: identity.attemptId, redelivered, channel };
    const performed = identity.unreadable
      ? { method: UNKNOWN, execution: invalid(`the property ${identity.unreadable} ${NOT_UTF8}`) }
      : await stages.attempt(start, (attemptsBefore) => perform(delivery, identity, attemptsBefore, stages));
    const { method, execution } = performed;
    if (execution.kind === 'abandoned') return record.handedBack(method);

    const answer = answerTo(execution, identity.referenceId, stages.encode);
    const reply = await send(delivery, method, answer, stages);
    if (reply === 'stopped') return record.handedBack(method);
    return record.answered(performed, execution, answer, reply);
  };
}

/** What its headers asked for (a deadline, for one) is not known: it is not executed, and answered as far as that can be done. */
async function refuseUnreadable(delivery: Delivery, record: RequestRecord, stages: Stages): Promise<Settlement> {
  const { referenceId } = record.identity;
  const answer = answerTo(refusedFor(UNREADABLE), referenceId, stages.encode);
  const reply = await send(delivery, UNKNOWN, answer, stages);
  return reply === 'stopped' ? record.handedBack(UNKNOWN) : record.refused('UNREADABLE_PROPERTIES', reply);
}

/** Decodes and executes. Never rejects: what a stage throws is a defect of ours. */
async function perform(
  { body, properties, channel }: Delivery,
  { key, deadline }: RequestIdentity,
  attemptsBefore: number | undefined,
  stages: Stages,
): Promise<Performed> {
  let method = UNKNOWN;
  try {
    const decoded = stages.decode(body, properties.contentEncoding);
    const named = decoded.ok ? decoded.request.method : decoded.method;
    if (named !== undefined && stages.knows(named)) method = named;
    if (!decoded.ok) return { method, execution: refusedFor(decoded.fault) };
    if (typeof deadline === 'object') return { method, execution: invalid(deadline.wrong) };
    return { method, execution: await stages.execute(decoded.request, { key, deadline, attemptsBefore, channel }) };
  } catch (error) {
    return { method, execution: { kind: 'defect', first: error, last: error, attempts: 1, batch: 1 } };
  }
}

function refusedFor(problem: Fault): Done {
  return { kind: 'done', response: fail(problem), attempts: 0, batch: 0 };
}

function invalid(message: string): Execution {
  return refusedFor(fault('INVALID_REQUEST', message));
}

const NOT_UTF8 = 'is not UTF-8, or has U+FFFD, which stands for what is not; nothing was executed';

const UNREADABLE = fault('INVALID_REQUEST', 'the headers of the message cannot be read, or are nested too deep');

/** The `type` of an answer, and the label in logs, where the method is unknown. */
const UNKNOWN = 'request';

async function send(
  { properties }: Delivery,
  method: string,
  { body, headers }: Answer,
  stages: Stages,
): Promise<ReplyOutcome | 'none' | 'stopped'> {
  const { replyTo: to } = properties;
  if (to === undefined) return 'none';
  try {
    return await stages.publish({ to, correlationId: answerIdOf(properties), type: method, headers, body });
  } catch (error) {
    if (error instanceof PublisherStoppedError) return 'stopped';
    throw error;
  }
}

/** The answer's `correlation_id`. One that is not UTF-8 cannot be sent back: in another's place it would be taken for theirs. */
function answerIdOf({ correlationId, messageId }: DeliveryProperties): string | undefined {
  if (correlationId !== undefined && isReadable(correlationId)) return correlationId;
  return messageId !== undefined && isReadable(messageId) ? messageId : undefined;
}
