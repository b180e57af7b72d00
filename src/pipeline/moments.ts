import type { BatchRun, Timeline } from '../protocol/timeline.ts';

/**
 * Collects the moments of one request. One object of plain numbers for each request, and no call
 * but that of the clock.
 */
export class Moments implements Timeline {
  readonly receivedAt = performance.now();
  admittedAt = 0;
  decodedAt = 0;
  run: BatchRun | undefined = undefined;
  concludedAt = 0;
  encodedAt = 0;
  repliedAt = 0;
}
