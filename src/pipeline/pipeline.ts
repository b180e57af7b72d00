import { NO_METHOD } from '../protocol/catalogue.ts';
import { isReadable, type Delivery, type DeliveryProperties } from '../protocol/delivery.ts';
import type { Admission, Executed, Execution, ExecutionTerms, Refused, Result, Start } from '../protocol/execution.ts';
import { fault, type Fault } from '../protocol/fault.ts';
import { PublisherStoppedError, type Reply, type ReplyOutcome } from '../protocol/reply.ts';
import type { RequestIdentity } from '../protocol/request-key.ts';
import type { RequestReport } from '../protocol/request-report.ts';
import type { RequestEnvelope } from '../protocol/request.ts';
import { fail, type ResponseEnvelope } from '../protocol/response.ts';
import type { Settlement } from '../protocol/settlement.ts';
import type { TraceContext } from '../protocol/trace.ts';
import type { Tracing } from '../protocol/tracing.ts';
import { Moments } from './moments.ts';
import { reportOf } from './report.ts';
import { respond, type Answer } from './respond.ts';
import { settle, type Outcome } from './settle.ts';

/**
 * The stages, in the order in which a request passes them. An error that one throws is a defect of
 * ours.
 */
export interface Stages {
  /** Refuses a message that must not be executed. */
  readonly guard: (delivery: Delivery) => Refused | undefined;
  readonly identify: (delivery: Delivery) => RequestIdentity;
  /**
   * Waits for the request's turn and counts its attempts. Returns the result instead where it is
   * known already. Never rejects.
   */
  readonly admit: (start: Start) => Promise<Admission | Executed>;
  /** Returns a promise where the document has to wait for its turn. `size`: as in `Delivery`. */
  readonly decode: (body: Uint8Array, contentEncoding?: string, size?: number) => Decoded | Promise<Decoded>;
  /** Whether there is such a method. */
  readonly knows: (method: string) => boolean;
  readonly execute: (request: RequestEnvelope, terms: ExecutionTerms) => Promise<Execution>;
  readonly encode: (response: ResponseEnvelope) => Buffer;
  /** Rejects with `PublisherStoppedError` only. */
  readonly publish: (reply: Reply) => Promise<ReplyOutcome>;
  /** What a dead letter may say of an error: never a value of a request. */
  readonly describe: (error: unknown) => string;
  /** Absent where traces are off. */
  readonly tracing?: Pick<Tracing, 'begin' | 'headersOf'> | undefined;
  readonly report: (report: RequestReport) => void;
}

/**
 * A decoded request; or its fault, with the method where the document names one although it is not
 * a request.
 */
export type Decoded =
  | { readonly ok: true; readonly request: RequestEnvelope }
  | { readonly ok: false; readonly fault: Fault; readonly method?: string };

/** One delivery in, one settlement out: this is what happens to every request. */
export function createPipeline(stages: Stages): (delivery: Delivery) => Promise<Settlement> {
  return async (delivery) => {
    const moments = new Moments();
    const trace = stages.tracing?.begin(delivery.properties.headers);
    const refused = stages.guard(delivery);
    const identity = stages.identify(delivery);
    const result: Result =
      refused === undefined
        ? await admitAndExecute(delivery, identity, stages, moments)
        : { method: NO_METHOD, execution: refused };
    if ('run' in result.execution) moments.run = result.execution.run;
    moments.concludedAt = performance.now();
    const answer = respond(result.execution, identity.referenceId, stages.encode);
    moments.encodedAt = performance.now();
    const reply = await publish(answer, result.method, delivery, stages, trace);
    moments.repliedAt = performance.now();
    const outcome = { result, answer, reply };
    const settlement = settle(outcome, identity.referenceId, stages.describe);
    stages.report(reportOf(delivery, identity, outcome, moments, trace));
    return settlement;
  };
}

/** Never rejects: what a stage throws is a defect of ours. */
async function admitAndExecute(
  delivery: Delivery,
  identity: RequestIdentity,
  stages: Stages,
  moments: Moments,
): Promise<Executed> {
  const { attemptId, unreadable } = identity;
  if (unreadable !== undefined)
    return rejected(NO_METHOD, fault('INVALID_REQUEST', `the property ${unreadable} ${NOT_UTF8}`));

  const admission = await stages.admit({ attemptId, redelivered: delivery.redelivered, channel: delivery.channel });
  if (!('conclude' in admission)) return admission;

  const executed = await decodeAndExecute(delivery, identity, admission.attemptsBefore, stages, moments);
  return admission.conclude(executed);
}

async function decodeAndExecute(
  { body, size, properties, channel }: Delivery,
  { key, deadline }: RequestIdentity,
  attemptsBefore: number | undefined,
  stages: Stages,
  moments: Moments,
): Promise<Executed> {
  let method: string = NO_METHOD;
  moments.admittedAt = performance.now();
  try {
    const decoding = stages.decode(body, properties.contentEncoding, size);
    const decoded = decoding instanceof Promise ? await decoding : decoding;
    moments.decodedAt = performance.now();
    const named = decoded.ok ? decoded.request.method : decoded.method;
    if (named !== undefined && stages.knows(named)) method = named;
    if (!decoded.ok) return rejected(method, decoded.fault);
    if (typeof deadline === 'object') return rejected(method, fault('INVALID_REQUEST', deadline.wrong));
    return { method, execution: await stages.execute(decoded.request, { key, deadline, attemptsBefore, channel }) };
  } catch (error) {
    return { method, execution: { kind: 'defect', first: error, last: error, attempts: 1, batch: 1 } };
  }
}

async function publish(
  answer: Answer | undefined,
  method: string,
  { properties }: Delivery,
  stages: Stages,
  trace: TraceContext | undefined,
): Promise<Outcome['reply']> {
  const { replyTo: to } = properties;
  if (answer === undefined || to === undefined) return 'none';
  const { body } = answer;
  const headers = trace === undefined ? answer.headers : { ...answer.headers, ...stages.tracing?.headersOf(trace) };
  try {
    return await stages.publish({ to, correlationId: correlationIdOf(properties), type: method, headers, body });
  } catch (error) {
    if (error instanceof PublisherStoppedError) return 'stopped';
    throw error;
  }
}

/**
 * The answer's `correlation_id`. An id that is not UTF-8 is not returned: its replacement could
 * match another request's.
 */
function correlationIdOf({ correlationId, messageId }: DeliveryProperties): string | undefined {
  if (correlationId !== undefined && isReadable(correlationId)) return correlationId;
  return messageId !== undefined && isReadable(messageId) ? messageId : undefined;
}

/** The caller's mistake: answered and acknowledged. */
function rejected(method: string, problem: Fault): Executed {
  return { method, execution: { kind: 'done', response: fail(problem), attempts: 0, batch: 0 } };
}

const NOT_UTF8 = 'is not UTF-8, or has U+FFFD, which stands for what is not; nothing was executed';
