import type { Defect, Done } from '../protocol/execution.ts';
import { fault } from '../protocol/fault.ts';
import { fail, type ResponseEnvelope, type ResponseHeaders } from '../protocol/response.ts';

/** The written answer to one request, and what is to be known of it afterwards. */
export interface Answer {
  readonly body: Buffer;
  /** Goes with the reply; `status` is always there. */
  readonly headers: ResponseHeaders;
  /** The first fault's code, or `OK`. */
  readonly code: string;
  /** Set where the answer is INTERNAL_ERROR. */
  readonly defect: Defect | undefined;
}

/** Writes the answer. A response that cannot be written is a defect, too. */
export function answerTo(
  execution: Done | Defect,
  referenceId: string,
  encode: (response: ResponseEnvelope) => Buffer,
): Answer {
  const defect = execution.kind === 'defect' ? execution : undefined;
  const response = execution.kind === 'done' ? execution.response : internalError(referenceId);
  try {
    return { body: encode(response), headers: headersOf(response), code: codeOf(response), defect };
  } catch (error) {
    if (defect !== undefined) throw error;
    const { attempts, batch } = execution;
    return answerTo({ kind: 'defect', first: error, last: error, attempts, batch }, referenceId, encode);
  }
}

function internalError(referenceId: string): ResponseEnvelope {
  return fail(fault('INTERNAL_ERROR', `the request could not be executed; its reference is ${referenceId}`));
}

function headersOf(response: ResponseEnvelope): ResponseHeaders {
  return { status: response.status, ...(response.status === 'ok' ? response.headers : undefined) };
}

function codeOf(response: ResponseEnvelope): string {
  return response.status === 'ok' ? 'OK' : (response.faults[0]?.code ?? 'INTERNAL_ERROR');
}
