import { existsSync, readFileSync } from 'node:fs';

/** One look at a worker's process. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly pid: number;
  readonly rssMiB: number;
  /** After a full garbage collection. */
  readonly heapMiB: number;
  readonly externalMiB: number;
  /** Sockets, timers, requests and other resources that keep the process alive. */
  readonly handles: number;
  /** Of the time since the sample before. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

/** The columns of a file of samples, in order. */
export const COLUMNS = [
  'at',
  'pid',
  'rssMiB',
  'heapMiB',
  'externalMiB',
  'handles',
  'loopP99Ms',
  'loopMaxMs',
] as const satisfies readonly (keyof Sample)[];

/** Reads a file of samples; a line that a kill has cut off is left out. */
export function samplesIn(file: string): Sample[] {
  if (!existsSync(file)) return [];
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(',').map(Number))
    .filter((row) => row.length === COLUMNS.length && row.every((value) => Number.isFinite(value)));
  return rows.map((row) => Object.fromEntries(COLUMNS.map((name, at) => [name, row[at]])) as unknown as Sample);
}
