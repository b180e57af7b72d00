import { expect, test } from 'vitest';

import type { Run, Subject } from '../../../bench/figures.ts';
import { page } from '../../../bench/report/page.ts';
import { median, ratios } from '../../../bench/report/summary.ts';
import { table } from '../../../bench/report/table.ts';
import { parseDocument } from '../../../src/codec/document.ts';
import { results, run } from './results.ts';

function rounds(subject: Subject, rates: readonly number[]): readonly Run[] {
  return rates.map((perSecond, i) => run({ subject, perSecond, round: i + 1 }));
}

const THROUGHPUT = [
  ...rounds('worker', [600, 660, 900]),
  ...rounds('plain', [100, 110, 300]),
  ...rounds('echo', [1_200]),
];

test('the median of an odd and an even number of figures, and of none', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 6])).toBe(5.5);
  expect(median([])).toBeNaN();
});

test('ratios are computed round by round, for rounds that both subjects have', () => {
  const rate = ({ perSecond }: Run): number => perSecond;
  expect(ratios(THROUGHPUT, 'create', ['worker', 'plain'], rate)).toEqual({ median: 6, least: 3, most: 6 });
  expect(ratios(THROUGHPUT, 'create', ['worker', 'echo'], rate)).toEqual({ median: 0.5, least: 0.5, most: 0.5 });
  expect(ratios(THROUGHPUT, 'get', ['worker', 'plain'], rate)).toBeUndefined();
});

test('the table shows medians and ratios with their spread, and nothing that was not measured', () => {
  const text = table(results({ throughput: THROUGHPUT }));
  expect(text).toMatch(/create +660 +110 +1200 +6\.00 \(3\.00–6\.00\) +0\.50 \(0\.50–0\.50\)/);
  expect(text).not.toContain('NaN');
  expect(text).not.toContain('Backlog');
  expect(table(results({ backlog: [{ requests: 500, seconds: 2, perSecond: 250, peakMiB: 99 }] }))).toBe(
    'Backlog\n  500 requests  250/s  at most 99 MiB',
  );
});

test('the page is self-contained, draws what was measured, and escapes what it quotes', () => {
  const curve = [1, 16, 2_048].map((inFlight) => run({ inFlight, workload: 'mixed' }));
  const html = page(
    results({ throughput: THROUGHPUT, inFlight: curve, growth: curve, workers: [run({}), run({ workers: 2 })] }),
  );
  const drawings = html.match(/<svg.*?<\/svg>/gs) ?? [];
  expect(drawings).toHaveLength(6);
  for (const drawing of drawings) expect(parseDocument(Buffer.from(drawing)).ok).toBe(true);
  expect(html).not.toMatch(/NaN|Infinity|undefined|(src|href|url|@import)\b/);
  expect(html).toContain('P &lt; Q');
});
