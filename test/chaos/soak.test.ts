import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { verdictOf, writeSoakReport } from '../../chaos/soak/report.ts';
import { soak } from '../../chaos/soak/soak.ts';
import type { Trend } from '../../chaos/soak/trend.ts';

test('a short soak run samples, plots, and finds a leak that is planted into one of two workers', async () => {
  const result = await soak({
    seed: Date.now() % 1_000_000,
    minutes: 0.7,
    rate: 80,
    workers: 3,
    spared: 2,
    calmMs: 26_000,
    faults: 1,
    leak: 'both',
  });
  console.log(writeSoakReport(result));
  expect(result.violations).toEqual([]);
  expect(result.workers.map(({ judged }) => judged)).toEqual([true, true, false]);
  const trend = (subject: string, measure: string): Trend | undefined =>
    result.findings.find((finding) => finding.subject === subject && finding.measure === measure)?.trend;
  for (const measure of ['heapMiB', 'handles']) {
    const [leaky, sound] = [trend('worker 1', measure), trend('worker 2', measure)];
    expect(leaky?.verdict).toBe('grows');
    // The sound one still warms up: a run of this length cannot call it flat.
    expect(sound?.perHour).toBeLessThan((leaky?.perHour ?? 0) / 4);
  }
  expect(verdictOf(result)).toMatch(/^GROWS, per hour: heapMiB of worker 1 by \d/);
  const { folder } = result.record;
  expect(readFileSync(join(folder, 'soak.svg'), 'utf8')).toMatch(/^<svg [^]*Heap after collection[^]*<\/svg>\n$/);
  for (const name of ['workers.csv', 'latency.csv', 'soak.md']) expect(existsSync(join(folder, name))).toBe(true);
});
