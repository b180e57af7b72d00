/** One measured value at one moment, in seconds since the run's begin. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** The growth that counts: a leak grows beyond both the absolute and the relative bound. */
export interface Tolerance {
  readonly absolute: number;
  /** Of the median. */
  readonly share: number;
}

export interface Trend {
  readonly verdict: 'flat' | 'grows' | 'too few samples';
  readonly median: number;
  readonly perHour: number;
  /** Growth over the points' time, fitted and as the interval's lower end says. */
  readonly growth: number;
  readonly growthAtLeast: number;
  /** A slower growth than this, per hour, is not found in a series of this length. */
  readonly detectablePerHour: number;
  readonly points: number;
}

/** 99 % of both sides. */
const Z = 2.576;
const MIN_POINTS = 8;
/** Each half must grow at this share of the overall slope; a step or a warm-up does not. */
const HALF_SHARE = 0.25;
const HOUR_S = 3600;

/**
 * Fits a line that outliers do not bend (Theil and Sen: the median of the slopes between all pairs)
 * and judges it. `grows` means: the interval's lower end is above zero, the fitted growth exceeds
 * the tolerance, and both halves of the series grow. So one step, a spike or a curve that settles is
 * `flat`.
 */
export function trendOf(points: readonly Point[], tolerance: Tolerance): Trend {
  const span = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0);
  const median = medianOf(points.map(({ value }) => value));
  const bound = Math.max(tolerance.absolute, tolerance.share * Math.abs(median));
  if (points.length < MIN_POINTS || span <= 0) {
    const none = { perHour: Number.NaN, growth: Number.NaN, growthAtLeast: Number.NaN };
    return { verdict: 'too few samples', median, ...none, detectablePerHour: Infinity, points: points.length };
  }
  const { slope, low } = fit(points);
  const half = Math.floor(points.length / 2);
  const persists = [points.slice(0, half), points.slice(half)].every((part) => fit(part).slope >= HALF_SHARE * slope);
  const grows = low > 0 && slope * span > bound && persists;
  return {
    verdict: grows ? 'grows' : 'flat',
    median,
    perHour: slope * HOUR_S,
    growth: slope * span,
    growthAtLeast: low * span,
    detectablePerHour: (bound / span) * HOUR_S,
    points: points.length,
  };
}

/** The median slope per second, and the lower end of its confidence interval (Sen 1968). */
function fit(points: readonly Point[]): { readonly slope: number; readonly low: number } {
  const slopes: number[] = [];
  points.forEach((one, index) => {
    for (const other of points.slice(index + 1)) {
      if (other.at > one.at) slopes.push((other.value - one.value) / (other.at - one.at));
    }
  });
  slopes.sort((a, b) => a - b);
  const n = points.length;
  const deviation = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const lowest = Math.max(0, Math.floor((slopes.length - Z * deviation) / 2));
  return { slope: medianOf(slopes), low: slopes[lowest] ?? 0 };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? upper)) / 2 : upper;
}
