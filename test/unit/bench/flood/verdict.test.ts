import { expect, test } from 'vitest';

import { HOSTILE, hostileDocument, sizeOf } from '../../../../bench/flood/documents.ts';
import { costsOf, problemsOf, type Beside, type FloodFigures, type FloodRun } from '../../../../bench/flood/verdict.ts';
import { decode } from '../../../../src/codec/decode.ts';

const latency = { p50: 1, p90: 1, p99: 1, max: 1 };
const memory = { before: 100e6, peak: 200e6 };

function run(beside: Beside, honestPerSecond: number, perSecond: number, bytes: number, cpu: number): FloodRun {
  const others = { perSecond, bytesPerSecond: perSecond * bytes, bytes };
  return { beside, honest: { perSecond: honestPerSecond, failed: 0, latency }, others, cpu };
}

/** Two honest producers: 1,000 requests of 300 bytes together take 0.4 s of CPU time. */
const pair = run('honest', 500, 500, 300, 0.4);

/** Beside 20 documents of 6,000 bytes a second; each costs as much as 5 honest requests by default. */
function flooded(changes: Partial<FloodRun> = {}, others: Partial<FloodFigures> = {}): FloodFigures {
  const slow = { ...run('slow', 450, 20, 6_000, 0.18 + 0.04), ...changes };
  return { rounds: [[pair, slow, pair]], memory, honestBytes: 300, ...others };
}

test('the cost and the share of a kind are relative to a second honest producer', () => {
  const cost = costsOf(flooded()).find(({ beside }) => beside === 'slow');
  expect(cost?.share).toBeCloseTo(0.9);
  expect(cost?.costOfMessage).toBeCloseTo(5);
  expect(cost?.costOfByte).toBeCloseTo(0.25);
  // 20 times the bytes of an honest request: honest ones would get 1,000 / 21.
  expect(cost?.shareByBytes).toBeCloseTo(450 / (1_000 / 21));
});

test('the figures of several rounds are their medians', () => {
  const { rounds, ...others } = flooded();
  const [round = []] = rounds;
  const slower = round.map((one) =>
    one.beside === 'slow' ? { ...one, honest: { ...one.honest, perSecond: 1 } } : one,
  );
  const cost = costsOf({ rounds: [slower, round, round], ...others }).find(({ beside }) => beside === 'slow');
  expect(cost?.honest.perSecond).toBe(450);
});

const few = run('slow', 300, 20, 6_000, 0.12 + 0.04);

test('a flood that takes no more than its share is accepted', () => {
  expect(problemsOf(flooded())).toEqual([]);
  expect(problemsOf(flooded(few), 0.5)).toEqual([]);
});

test.each<[string, FloodFigures, string]>([
  ['a byte that costs more', flooded({ cpu: 0.18 + 0.32 }), 'slow: a byte costs 2.00× an honest one'],
  ['a share that is too small', flooded(few), 'slow: honest throughput is 0.60× of that beside an honest producer'],
  ['honest requests that fail', flooded({ honest: { ...pair.honest, failed: 3 } }), 'slow: 3 honest requests failed'],
  [
    'honest requests that wait for ever',
    flooded({ honest: { ...pair.honest, perSecond: 0 } }),
    'slow: honest requests stand still',
  ],
  [
    'a flood of which nothing was read',
    flooded({ others: { perSecond: 0, bytesPerSecond: 0, bytes: 6_000 } }),
    'slow: the other stream stands still',
  ],
  ['too much memory', flooded({}, { memory: { before: 1e8, peak: 400 * 1024 * 1024 } }), 'memory: 400 MiB'],
])('%s is found', (_, figures, problem) => {
  expect(problemsOf(figures)).toContain(problem);
});

test('the share beside what only the broker can bound is reported and not judged', () => {
  expect(problemsOf(flooded({ ...few, beside: 'oversized' }))).toEqual([]);
});

test.each(HOSTILE)('the document %s is what its name says', (kind) => {
  const document = hostileDocument(kind);
  const decoded = decode(document.body, { maxBytes: 65_536 });
  const code = decoded.ok ? 'read' : decoded.fault.code;
  const expected: Partial<Record<string, string>> = {
    oversized: 'REQUEST_TOO_LARGE',
    huge: 'REQUEST_TOO_LARGE',
    malformed: 'MALFORMED_XML',
  };
  expect(code).toBe(expected[kind] ?? 'read');
  expect(sizeOf(document)).toBeGreaterThan(16_000);
});
