import { expect, test } from 'vitest';

import { contextFrom, headersOf } from '../../../src/tracing/context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const VALID = `00-${TRACE}-${SPAN}-01`;
const sampler = (_: string, parent: boolean | undefined): boolean => parent ?? true;
const from = (headers: Record<string, unknown>) => contextFrom(headers, sampler);

test('a valid traceparent is continued, and its state handed on in the answer', () => {
  const context = from({ traceparent: VALID, tracestate: 'vendor=1,other@x=2' });
  expect(context).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, sampled: true, state: 'vendor=1,other@x=2' });
  expect(headersOf(context)).toEqual({
    traceparent: `00-${TRACE}-${context.sendSpanId}-01`,
    tracestate: 'vendor=1,other@x=2',
  });
});

test('a producer that does not record its trace is not recorded here', () => {
  const context = from({ traceparent: `00-${TRACE}-${SPAN}-00` });
  expect(context.sampled).toBe(false);
  expect(headersOf(context)['traceparent']).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
});

test('a later version with more fields is read as version 00', () => {
  expect(from({ traceparent: `01-${TRACE}-${SPAN}-01-more` }).traceId).toBe(TRACE);
});

test.each([
  ['missing', undefined],
  ['bytes', Buffer.from(VALID)],
  ['upper case', VALID.toUpperCase()],
  ['version ff', VALID.replace('00-', 'ff-')],
  ['version 00 with more', `${VALID}-more`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['line feeds', `${VALID}\n`],
  ['too long', `01-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`],
])('a traceparent that is not valid begins a new trace: %s', (_, traceparent) => {
  const context = from({ traceparent, tracestate: 'vendor=1' });
  expect(context.traceId).not.toBe(TRACE);
  expect(context.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(context).toMatchObject({ parentSpanId: undefined, state: undefined });
});

test.each([
  'no equals sign',
  'vendor=a\nb',
  'vendor=ä',
  `vendor=${'x'.repeat(600)}`,
  Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(','),
  7,
])('a tracestate that is not valid is dropped, and the trace is continued: %j', (tracestate) => {
  expect(from({ traceparent: VALID, tracestate })).toMatchObject({ traceId: TRACE, state: undefined });
});

test('ids differ', () => {
  const ids = Array.from({ length: 3_000 }, () => from({})).flatMap(({ spanId, sendSpanId }) => [spanId, sendSpanId]);
  expect(new Set(ids).size).toBe(6_000);
});
