import { expect, test } from 'vitest';

import { HOSTILE, hostileDocument, sizeOf } from '../../../../bench/flood/documents.ts';
import { problemsOf, type FloodFigures, type FloodRun } from '../../../../bench/flood/verdict.ts';
import { decode } from '../../../../src/codec/decode.ts';

const latency = { p50: 1, p90: 1, p99: 1, max: 1 };
const memory = { before: 100e6, peak: 200e6 };

/** 1,000 honest requests of 300 bytes take 0.6 s of CPU time: 2 µs a byte. */
const alone: FloodRun = {
  beside: 'none',
  honest: { perSecond: 1_000, failed: 0, latency },
  others: { perSecond: 0, bytesPerSecond: 0, bytes: 300 },
  cpu: 0.6,
};

/** 100 honest requests take 0.06 s; the rest of `cpu` is the other stream's. */
function beside(cpu: number, changes: Partial<FloodRun['honest']> = {}, perSecond = 10): FloodFigures {
  const others = { perSecond, bytesPerSecond: perSecond * 10_000, bytes: 10_000 };
  const run: FloodRun = { beside: 'slow', honest: { perSecond: 100, failed: 0, latency, ...changes }, others, cpu };
  return { runs: [alone, run], memory, honestBytes: 300 };
}

test('a flood whose bytes cost as much as honest ones is accepted', () => {
  expect(problemsOf(beside(0.06 + 0.2))).toEqual([]);
});

test.each([
  ['a byte that costs twice as much', beside(0.06 + 0.4), 'slow: a byte costs 2.00× an honest one'],
  ['honest requests that fail', beside(0.2, { failed: 3 }), 'slow: 3 honest requests failed'],
  ['honest requests that wait for ever', beside(0.2, { perSecond: 0 }), 'slow: honest requests stand still'],
  ['a flood of which nothing was read', beside(0.06, {}, 0), 'slow: the other stream stands still'],
  ['memory that grows', { ...beside(0.2), memory: { before: 1e8, peak: 9e8 } }, 'memory grew by 800 MB'],
])('%s is found', (_, figures, problem) => {
  expect(problemsOf(figures)).toContain(problem);
});

test.each(HOSTILE)('the document %s is what its name says', (kind) => {
  const document = hostileDocument(kind);
  const decoded = decode(document.body, { maxBytes: 65_536 });
  const code = decoded.ok ? 'read' : decoded.fault.code;
  const expected = { oversized: 'REQUEST_TOO_LARGE', malformed: 'MALFORMED_XML' } as Record<string, string>;
  expect(code).toBe(expected[kind] ?? 'read');
  expect(sizeOf(document)).toBeGreaterThan(40_000);
});
