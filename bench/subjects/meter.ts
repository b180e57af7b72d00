import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import type { Reading } from './probe.ts';
import { usageOf, type Usage } from './usage.ts';

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
