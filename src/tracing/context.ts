import { randomFillSync } from 'node:crypto';

import { HEADERS } from '../protocol/catalogue.ts';
import type { TraceContext } from '../protocol/trace.ts';
import type { Sampler } from './sampler.ts';

// Producers choose both headers: bounded lengths, and no pattern that backtracks.
const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const MAX_TRACEPARENT = 256;
const TRACESTATE_MEMBER = /^[a-z\d][a-z\d_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;
const MAX_TRACESTATE = 512;
const MAX_TRACESTATE_MEMBERS = 32;
const ZEROS = /^0+$/;
const SAMPLED = 1;

interface RemoteContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/**
 * Continues the trace of the headers `traceparent` and `tracestate`; begins one where they are
 * missing or malformed.
 */
export function contextFrom(headers: Readonly<Record<string, unknown>>, sampler: Sampler): TraceContext {
  const remote = traceparentOf(headers[HEADERS.traceparent]);
  const traceId = remote?.traceId ?? newId(16);
  return {
    traceId,
    spanId: newId(8),
    sendSpanId: newId(8),
    parentSpanId: remote?.spanId,
    state: remote === undefined ? undefined : tracestateOf(headers[HEADERS.tracestate]),
    sampled: sampler(traceId, remote?.sampled),
  };
}

/** The headers with which the answer's consumer continues the trace. */
export function headersOf({ traceId, sendSpanId, sampled, state }: TraceContext): Record<string, string> {
  const traceparent = `00-${traceId}-${sendSpanId}-${sampled ? '01' : '00'}`;
  return state === undefined
    ? { [HEADERS.traceparent]: traceparent }
    : { [HEADERS.traceparent]: traceparent, [HEADERS.tracestate]: state };
}

/** `undefined` where the value is not a valid `traceparent`. */
function traceparentOf(value: unknown): RemoteContext | undefined {
  if (typeof value !== 'string' || value.length > MAX_TRACEPARENT) return undefined;
  const parts = TRACEPARENT.exec(value);
  if (parts === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = parts;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

/** The value where it is a valid `tracestate`; nothing of it otherwise, as the W3C says. */
function tracestateOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > MAX_TRACESTATE) return undefined;
  const members = value.split(',').map((member) => member.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
  if (members.length > MAX_TRACESTATE_MEMBERS) return undefined;
  return members.every((member) => member === '' || TRACESTATE_MEMBER.test(member)) ? value : undefined;
}

const POOL = Buffer.alloc(8_192);
let used = POOL.length;

/** A random id in hexadecimal digits. */
export function newId(bytes: 8 | 16): string {
  if (used + bytes > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  used += bytes;
  return POOL.toString('hex', used - bytes, used);
}
