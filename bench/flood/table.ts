import { costOf, honestCostOf, type FloodFigures } from './verdict.ts';

const HEAD = ['beside', 'honest/s', 'p50 ms', 'p99 ms', 'others/s', 'KB each', 'MB/s', 'cost of a byte'] as const;

/** The figures as lines for a person. The cost is relative to a byte of an honest request. */
export function floodTable(figures: FloodFigures): string {
  const honestCost = honestCostOf(figures);
  const rows = figures.runs.map((run) => {
    const { beside, honest, others } = run;
    const ours = [honest.perSecond.toFixed(0), honest.latency.p50.toFixed(1), honest.latency.p99.toFixed(1)];
    if (beside === 'none') return [beside, ...ours, '-', '-', '-', '1.00×'];
    const theirs = [others.perSecond.toFixed(0), (others.bytes / 1e3).toFixed(1)];
    const cost = `${(costOf(figures, run) / honestCost).toFixed(2)}×`;
    return [beside, ...ours, ...theirs, (others.bytesPerSecond / 1e6).toFixed(1), cost];
  });
  const { before, peak } = figures.memory;
  const lines = [HEAD, ...rows].map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(at === 0 ? 10 : 9))
      .join(' ')
      .trimEnd(),
  );
  return [...lines, `memory: ${mb(before)} MB after the warm-up, ${mb(peak)} MB at most`].join('\n');
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
