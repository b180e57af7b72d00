import { OK } from '../protocol/catalogue.ts';
import type { Delivery } from '../protocol/delivery.ts';
import type { RequestIdentity } from '../protocol/request-key.ts';
import type { RequestReport } from '../protocol/request-report.ts';
import type { TraceContext } from '../protocol/trace.ts';
import type { Moments } from './moments.ts';
import type { Outcome } from './settle.ts';

/** What is logged, counted and traced of a request that is about to be settled. */
export function reportOf(
  { redelivered, channel, properties }: Delivery,
  { referenceId }: RequestIdentity,
  { result: { method, execution }, answer, reply }: Outcome,
  moments: Moments,
  trace: TraceContext | undefined,
): RequestReport {
  const request = {
    method,
    redelivered,
    referenceId,
    messageId: uuidOf(properties.messageId),
    timeline: moments,
    trace,
    ms: moments.repliedAt - moments.receivedAt,
  };
  if (execution.kind === 'abandoned' || reply === 'stopped') {
    const code = channel.gone ? 'CHANNEL_GONE' : 'STOPPING';
    return { ...request, ...NOT_EXECUTED, status: 'handed-back', code, reply: 'none' };
  }
  if (execution.kind === 'refused') {
    return { ...request, ...NOT_EXECUTED, status: 'refused', code: execution.reason, reply };
  }
  const { attempts, batch } = execution;
  const { code = OK, headers, defect } = answer ?? {};
  const status = headers?.status === 'ok' ? 'ok' : 'fail';
  const repeated = headers?.repeated === true;
  return { ...request, status, code, attempts, batch, reply, repeated, ...(defect && { error: defect.last }) };
}

const NOT_EXECUTED = { attempts: 0, batch: 0, repeated: false } as const;

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

function uuidOf(id: string | undefined): string | undefined {
  return id !== undefined && UUID.test(id) ? id : undefined;
}
