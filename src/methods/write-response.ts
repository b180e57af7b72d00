import type { WriteOutcome } from '../contacts/repository.ts';
import { fault } from '../protocol/fault.ts';
import { fail, ok, type FailResponse, type OkResponse, type ResponseEnvelope } from '../protocol/response.ts';

/** Header of the answer to a repeated request. The document equals that of the first answer. */
export const REPEATED = { repeated: true } as const;

/** Shared, as it is immutable and answers most writes. */
const APPLIED: OkResponse = ok();

/** The answer to a write that returns no content. */
export function writeResponse(outcome: WriteOutcome): ResponseEnvelope {
  if (outcome === 'not-found') return notFoundResponse();
  return outcome === 'repeated' ? ok([], REPEATED) : APPLIED;
}

/** The answer to a request about a contact that does not exist. */
export function notFoundResponse(): FailResponse {
  return fail(fault('NOT_FOUND', 'there is no contact with this contact_id', 'contact_id'));
}

/** The answer to a write that an earlier run applied; `undefined` if none did. */
export function repeatedResponse(applied: boolean): OkResponse | undefined {
  return applied ? ok([], REPEATED) : undefined;
}
