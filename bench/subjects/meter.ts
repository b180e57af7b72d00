import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import type { Reading } from './probe.ts';

/** Measures what one process uses. */
export interface Meter {
  /** Starts counting what it uses; watching the event loop uses some processor time. */
  reset(watchLoop?: boolean): Promise<void>;
  /** Returns what the process has used since `reset`. */
  read(): Promise<Reading>;
}

/** Asks the probe in a process of Node. */
export function probeMeter(child: ChildProcess): Meter {
  const ask = async (question: 'reset' | 'reset unwatched' | 'read'): Promise<Reading> => {
    const answered = once(child, 'message', { signal: AbortSignal.timeout(30_000) });
    child.send(question);
    const [reading] = (await answered) as [Reading];
    return reading;
  };
  return {
    reset: async (watchLoop = true) => void (await ask(watchLoop ? 'reset' : 'reset unwatched')),
    read: () => ask('read'),
  };
}

/** Reads /proc, for a program in any language: it has no JavaScript heap and no event loop. */
export function processMeter(pid: number): Meter {
  let secondsAtReset = 0;
  const now = (): Usage => {
    const usage = usageOf(pid);
    if (usage === undefined) throw new Error(`process ${pid} has ended`);
    return usage;
  };
  return {
    reset: () => {
      secondsAtReset = now().cpuSeconds;
      return Promise.resolve();
    },
    read: () => {
      const { cpuSeconds, peakMiB } = now();
      return Promise.resolve({ cpuMicros: (cpuSeconds - secondsAtReset) * 1e6, peakMiB });
    },
  };
}

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
