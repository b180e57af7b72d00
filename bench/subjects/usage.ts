import { readFileSync } from 'node:fs';

/** What a process used until it was last looked at. */
export interface Usage {
  /** Of resident memory, since its start. */
  readonly peakMiB: number;
  /** Of all its threads, in steps of 10 ms. */
  readonly cpuSeconds: number;
}

/** Of Linux, in a second; /proc counts in them. */
const TICKS = 100;

/** `undefined` where the process has ended. */
export function usageOf(pid: number | undefined): Usage | undefined {
  try {
    const peakKiB = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    // The fields behind the program's name, which may hold anything but a line end.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isFinite(peakKiB) ? { peakMiB: peakKiB / 1_024, cpuSeconds: ticks / TICKS } : undefined;
  } catch {
    return undefined;
  }
}
