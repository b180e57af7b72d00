import type { Sample } from '../../cli/watch/metrics.ts';

/** Cumulative counts by upper bound; Infinity is the last. */
export type Buckets = ReadonlyMap<number, number>;

/** Adds up a histogram's series. */
export function bucketsOf(
  samples: readonly Sample[],
  name: string,
  matches: (labels: Sample['labels']) => boolean = () => true,
): Buckets {
  const buckets = new Map<number, number>();
  for (const sample of samples) {
    if (sample.name !== `${name}_bucket` || !matches(sample.labels)) continue;
    const text = sample.labels['le'] ?? '';
    const bound = text === '+Inf' ? Infinity : Number(text);
    buckets.set(bound, (buckets.get(bound) ?? 0) + sample.value);
  }
  return buckets;
}

/** What was added between two readings. */
export function bucketsBetween(earlier: Buckets, now: Buckets): Buckets {
  return new Map([...now].map(([bound, count]) => [bound, Math.max(0, count - (earlier.get(bound) ?? 0))]));
}

/**
 * The value below which the part `q` of the observations is, by linear interpolation within its
 * bucket as in Prometheus; `undefined` where there is none. Beyond the last bound: that bound.
 */
export function quantile(buckets: Buckets, q: number): number | undefined {
  const sorted = [...buckets].toSorted(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  const wanted = q * total;
  let lower = 0;
  let below = 0;
  for (const [bound, count] of sorted) {
    if (count >= wanted) {
      if (bound === Infinity) return lower;
      const share = count === below ? 1 : (wanted - below) / (count - below);
      return lower + (bound - lower) * share;
    }
    lower = bound;
    below = count;
  }
  return lower;
}
