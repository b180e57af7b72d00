import { OK, type FaultCode } from '../protocol/catalogue.ts';
import type { Defect, Result } from '../protocol/execution.ts';
import { fault } from '../protocol/fault.ts';
import { fail, type ResponseEnvelope, type ResponseHeaders } from '../protocol/response.ts';

/** The encoded answer to one request. */
export interface Answer {
  readonly body: Buffer;
  /** Headers of the reply; `status` is always set. */
  readonly headers: ResponseHeaders;
  /** The first fault's code, or `OK`. */
  readonly code: typeof OK | FaultCode;
  /** Set where the answer is INTERNAL_ERROR. */
  readonly defect?: Defect;
}

type Encode = (response: ResponseEnvelope) => Buffer;

/**
 * Turns the result of a request into its answer; `undefined` where it gets none. A response that
 * cannot be encoded is a defect, too.
 */
export function respond(execution: Result['execution'], referenceId: string, encode: Encode): Answer | undefined {
  if (execution.kind === 'abandoned') return undefined;
  if (execution.kind === 'refused') return execution.response && answerOf(execution.response, encode);
  if (execution.kind === 'defect') return { ...answerOf(internalError(referenceId), encode), defect: execution };
  try {
    return answerOf(execution.response, encode);
  } catch (error) {
    const { attempts, batch } = execution;
    return respond({ kind: 'defect', first: error, last: error, attempts, batch }, referenceId, encode);
  }
}

function answerOf(response: ResponseEnvelope, encode: Encode): Answer {
  const ok = response.status === 'ok';
  return {
    body: encode(response),
    headers: headersOf(response),
    code: ok ? OK : (response.faults[0]?.code ?? 'INTERNAL_ERROR'),
  };
}

/**
 * One object for all answers without headers of their own. amqplib makes the headers a prototype, for
 * which V8 keeps a hidden class in the old generation: a new one for each answer was a tenth of the
 * processor time.
 */
const PLAIN = { ok: Object.freeze({ status: 'ok' }), fail: Object.freeze({ status: 'fail' }) } as const;
/** The same for equal headers, as of first pages. Requests choose the page, so not all are kept. */
const known = new Map<string, ResponseHeaders>();
const MAX_KNOWN = 256;

function headersOf(response: ResponseEnvelope): ResponseHeaders {
  const { status } = response;
  return status === 'ok' && response.headers !== undefined ? shared({ status, ...response.headers }) : PLAIN[status];
}

function shared(headers: ResponseHeaders): ResponseHeaders {
  const key = JSON.stringify(headers);
  const equal = known.get(key);
  if (equal !== undefined) return equal;
  if (known.size === MAX_KNOWN) known.clear();
  known.set(key, Object.freeze(headers));
  return headers;
}

function internalError(referenceId: string): ResponseEnvelope {
  return fail(fault('INTERNAL_ERROR', `the request could not be executed; its reference is ${referenceId}`));
}
