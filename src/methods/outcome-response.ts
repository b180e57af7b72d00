import type { WriteOutcome } from '../contacts/repository.ts';
import { fault } from '../protocol/fault.ts';
import { fail, ok, type FailResponse, type OkResponse, type ResponseEnvelope } from '../protocol/response.ts';

/** Goes with the answer of a request that had taken effect before; the document is the same as the first time. */
export const REPEATED = { repeated: true } as const;

/** Shared, as it has no state: most writes are answered with it. */
const DONE: OkResponse = ok();

/** The answer to a write that answers nothing but its success. */
export function outcomeResponse(outcome: WriteOutcome): ResponseEnvelope {
  if (outcome === 'not-found') return noSuchContact();
  return outcome === 'repeated' ? ok([], REPEATED) : DONE;
}

export function noSuchContact(): FailResponse {
  return fail(fault('NOT_FOUND', 'there is no contact with this contact_id', 'contact_id'));
}

/** The answer to a write that may have been made in an earlier run; `undefined` where it was not. */
export function earlierResponse(made: boolean): OkResponse | undefined {
  return made ? ok([], REPEATED) : undefined;
}
