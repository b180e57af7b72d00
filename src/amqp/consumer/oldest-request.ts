/**
 * Timestamps from before are no times at which a request was sent: producers choose them, and one
 * wrong one must not hide all others.
 */
const MAX_AGE_S = 30 * 24 * 3600;
/** In the year 5138: a larger number counts milliseconds. */
const MILLISECONDS_BEGIN_HERE = 100_000_000_000;

/**
 * Age in seconds of the oldest request by its AMQP property `timestamp`, which counts seconds; 0
 * where none has a plausible one. The timestamps are what producers sent: any value.
 */
export function oldestAgeS(timestamps: readonly unknown[], nowMs: number = Date.now()): number {
  const ages = timestamps.map((timestamp) => {
    if (typeof timestamp !== 'number') return 0;
    const seconds = timestamp >= MILLISECONDS_BEGIN_HERE ? timestamp / 1000 : timestamp;
    const age = nowMs / 1000 - seconds;
    return age > 0 && age <= MAX_AGE_S ? age : 0;
  });
  return Math.max(0, ...ages);
}
