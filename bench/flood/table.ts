import { costsOf, type Cost, type FloodFigures } from './verdict.ts';

const HEAD = ['beside', 'honest/s', 'p50 ms', 'p99 ms', 'others/s', 'KB each', 'share', 'by bytes', 'message', 'byte'];

/** The figures as lines for a person: medians over the rounds, relative to honest requests. */
export function floodTable(figures: FloodFigures): string {
  const { before, peak } = figures.memory;
  const lines = [HEAD, ...costsOf(figures).map(row)].map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(at === 0 ? 10 : 9))
      .join(' ')
      .trimEnd(),
  );
  return [...lines, `memory: ${mib(before)} MiB after the warm-up, ${mib(peak)} MiB at most`].join('\n');
}

function row({ beside, honest, others, share, shareByBytes, costOfMessage, costOfByte }: Cost): string[] {
  const ours = [honest.perSecond.toFixed(0), honest.latency.p50.toFixed(1), honest.latency.p99.toFixed(1)];
  if (beside === 'none') return [beside, ...ours];
  const theirs = [others.perSecond.toFixed(0), (others.bytes / 1e3).toFixed(1)];
  const shares = [`${share.toFixed(2)}×`, `${shareByBytes.toFixed(1)}×`];
  return [beside, ...ours, ...theirs, ...shares, `${costOfMessage.toFixed(2)}×`, `${costOfByte.toFixed(3)}×`];
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}
