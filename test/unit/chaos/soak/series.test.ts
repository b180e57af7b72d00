import { expect, test } from 'vitest';

import type { Sample } from '../../../../chaos/soak/sample.ts';
import { findingsOf, latenciesOf, seriesOf } from '../../../../chaos/soak/series.ts';
import { verdictOf } from '../../../../chaos/soak/report.ts';

const NS = 1e9;
const CALMS = [
  { from: 0, until: 200 * NS },
  { from: 220 * NS, until: 500 * NS },
];
const OPTIONS = { zeroAt: 1_000_000, calms: CALMS, spared: 2 };

/** One sample a second. */
function samples(change: (second: number) => Partial<Sample> = () => ({})): Sample[] {
  return Array.from({ length: 400 }, (_, second) => ({
    at: 1_000_000 + second * 1000,
    pid: 1,
    rssMiB: 90,
    heapMiB: 30,
    externalMiB: 4,
    handles: 20,
    loopP99Ms: 11,
    loopMaxMs: 20,
    ...change(second),
  }));
}

function verdict(...workers: readonly (readonly Sample[])[]): string {
  const series = workers.map((rows, index) => seriesOf(index + 1, rows, OPTIONS));
  const latencies = Array.from({ length: 400 }, (_, at) => ({ at, requests: 9, p50: 4, p95: 9, p99: 20, calm: true }));
  return verdictOf({ findings: findingsOf(series, latencies, 60) });
}

test('names the worker and the measure that grow', () => {
  const leaky = samples((second) => ({ heapMiB: 30 + second / 20, handles: 20 + second }));
  expect(verdict(leaky, samples())).toMatch(
    /^GROWS, per hour: heapMiB of worker 1 by 1\d\d MiB; handles of worker 1 by 3600\.$/,
  );
});

test('says flat where nothing grows, whatever happens during faults and the warm-up', () => {
  const busy = samples((second) => ({ heapMiB: second < 60 ? second : second > 200 && second < 220 ? 300 : 60 }));
  expect(verdict(busy)).toBe('FLAT: nothing grows.');
});

test('a worker that was replaced, or that faults may end, is not judged', () => {
  const replaced = samples((second) => ({ pid: second < 100 ? 1 : 2, heapMiB: second }));
  expect(verdict(replaced)).toMatch(/^UNDECIDED/);
  const unspared = samples((second) => ({ heapMiB: second }));
  expect(verdict(samples(), samples(), unspared)).toMatch(/^FLAT/);
});

test('percentiles count from the first confirmed sending to the first answer, by the time of sending', () => {
  const action = { method: 'contact.get', contact: 1 } as const;
  const sent = (id: string, at: number, confirmed = true) =>
    ({ type: 'sent', id, at, sender: 1, action, confirmed }) as const;
  const answered = (id: string, at: number) =>
    ({ type: 'answered', id, at, status: 'ok', codes: [], xml: '' }) as const;
  const ms = (value: number): number => value * 1e6;
  const journal = {
    sent: [sent('a', 0, false), sent('a', ms(10)), sent('b', ms(20)), sent('c', ms(5_000)), sent('lost', ms(30))],
    answered: [answered('a', ms(14)), answered('a', ms(900)), answered('b', ms(60)), answered('c', ms(205_000))],
  };
  expect(latenciesOf(journal, CALMS, 5)).toEqual([
    { at: 2.5, requests: 2, p50: 4, p95: 40, p99: 40, calm: true },
    { at: 7.5, requests: 1, p50: 200_000, p95: 200_000, p99: 200_000, calm: true },
  ]);
});
