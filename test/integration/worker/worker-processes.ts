import { afterEach } from 'vitest';

import { startProcess, type WorkerProcess } from '../../support/worker-process.ts';

/**
 * Returns a function that starts worker processes. After each test the processes get SIGTERM, and
 * SIGKILL after `graceMs` milliseconds; with 0 they get SIGKILL immediately.
 */
export function workerProcesses(graceMs = 0): typeof startProcess {
  const processes: WorkerProcess[] = [];
  afterEach(async () => {
    for (const { child, exited } of processes.splice(0)) {
      child.kill(graceMs === 0 ? 'SIGKILL' : 'SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(limit);
    }
  });
  return (...args) => {
    const worker = startProcess(...args);
    processes.push(worker);
    return worker;
  };
}
