import { expect, test } from 'vitest';

import type { Run } from '../../../bench/figures.ts';
import { comparisonOf, readComparison } from '../../../bench/report/comparison-file.ts';
import { comparisonPage, sourceOfPage } from '../../../bench/report/comparison.ts';
import { lossesOf } from '../../../bench/report/losses.ts';
import { page as plots } from '../../../bench/report/page.ts';
import { table } from '../../../bench/report/table.ts';
import { foreignRun, results, run } from './results.ts';

function pair(rates: readonly (readonly [worker: number, plain: number])[], given: Partial<Run> = {}): readonly Run[] {
  return rates.flatMap(([worker, plain], i) => [
    run({ ...given, round: i + 1, perSecond: worker }),
    run({ ...given, round: i + 1, perSecond: plain, subject: 'plain' }),
  ]);
}

test('docs/comparison.md is what its file of results gives', async () => {
  const page = readComparison();
  const file = sourceOfPage(page);
  expect(file).toMatch(/^bench\/results\/\S+\.json$/);
  expect(page).toBe(await comparisonOf(file!));
});

test('the page shows what was measured, and neither subjects nor studies that were not', () => {
  const page = comparisonPage(results({ throughput: pair([[3_000, 1_000]]) }), 'bench/results/a.json');
  expect(page).toContain('| create | 3,000 | 1,000 |');
  expect(page).toContain('| create | 3.00× (3.00–3.00) |');
  expect(page).toContain('plain Node has no request keys');
  expect(page).not.toMatch(/Spring|Rascal|Cold start|One request at a time\n|NaN|Infinity|undefined/);
  expect(sourceOfPage(page)).toBe('bench/results/a.json');
});

test('peers are described, and show nothing where they have no heap and no event loop', () => {
  const both = (given: Partial<Run>): readonly Run[] => [run(given), foreignRun({ ...given, subject: 'go' })];
  const measured = results({
    throughput: both({}),
    latency: both({ inFlight: 1 }),
    longLists: both({ workload: 'list of 1,000', inFlight: 1 }),
    coldStart: [
      { subject: 'worker', round: 1, ms: 300 },
      { subject: 'go', round: 1, ms: 100 },
    ],
  });
  const page = comparisonPage(measured, 'a.json');
  expect(page).toContain('- **Go**: amqp091-go');
  expect(page).toContain('**Go: no request keys either**');
  expect(page).toContain('**Go: no heap and no event loop of JavaScript**');
  expect(page).toContain('npm run bench -- comparison --peers go\n');
  expect(page).toContain('| list of 1,000 | Go | 1000 | 10.0 | 100 |  |  |  |');
  expect(page).not.toContain('longest hold of the event loop');
  for (const text of [page, table(measured), plots(measured)]) expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
});

test('long pages show the delay of an idle process where one was watched', () => {
  const loop = { p50: 0.1, p99: 9, max: 20 };
  const idleLoop = { p50: 0.05, p99: 6.5, max: 40 };
  const { cost } = run({});
  const watched = (given: Partial<typeof cost>): string => {
    const long = run({ workload: 'list of 1,000', inFlight: 16, cost: { ...cost, loop, ...given } });
    return comparisonPage(results({ longLists: [long] }), 'a.json');
  };
  expect(watched({ idleLoop })).toContain('| 0.10 | 9.0 | 20.0 | 6.5 | 40.0 |');
  expect(watched({ idleLoop })).toContain('The idle process');
  expect(watched({})).toContain('| 0.10 | 9.0 | 20.0 |\n');
  expect(watched({})).not.toContain('dle process');
});

test('the page names each loss, and whether every round shows it', () => {
  const clear = pair(
    [
      [200, 250],
      [210, 250],
    ],
    { inFlight: 1 },
  );
  const close = pair(
    [
      [90, 100],
      [105, 100],
      [95, 100],
    ],
    { inFlight: 1, workload: 'get' },
  );
  const measured = results({ latency: [...clear, ...close] });
  expect(lossesOf(measured)).toEqual([
    expect.objectContaining({ load: 'create', other: 'plain', clear: true }),
    expect.objectContaining({ load: 'get', other: 'plain', clear: false }),
  ]);
  const page = comparisonPage(measured, 'a.json');
  expect(page).toContain('| requests a second, one at a time | create | plain Node | 0.82× (0.80–0.84) |');
});

test('the longest hold of the event loop, memory, and cold starts can be lost too; the echo does not count', () => {
  const held = (max: number): Run['cost'] => ({ ...run({}).cost, loop: { p50: 0, p99: 1, max } });
  const measured = results({
    longLists: [run({ cost: held(12) }), run({ subject: 'plain', cost: held(4) })],
    throughput: [run({}), run({ subject: 'echo', perSecond: 9_000 })],
    coldStart: [
      { subject: 'worker', round: 1, ms: 310 },
      { subject: 'plain', round: 1, ms: 200 },
    ],
  });
  expect(lossesOf(measured).map(({ measure, other, ratio }) => [measure, other, ratio.median])).toEqual([
    ['longest hold of the event loop', 'plain', 3],
    ['cold start', 'plain', 1.55],
  ]);
});

test('a worker that is behind nowhere has no table of losses', () => {
  const page = comparisonPage(results({ throughput: pair([[3_000, 1_000]]) }), 'a.json');
  expect(page).toContain('the worker is behind no other');
});
