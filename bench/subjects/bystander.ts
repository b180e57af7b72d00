import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { ROOT } from '../../infrastructure/command.ts';
import { probeMeter, type Meter } from './meter.ts';

/** Keeps a process alive that has nothing to do. */
const IDLE = 'setInterval(() => {}, 2 ** 30)';

/** A process of Node beside the measured one: see `startBystander`. */
export interface Bystander extends Meter {
  stop(): Promise<void>;
}

/**
 * Starts an idle process with the probe. How long its event loop is kept waiting is how long the
 * machine alone keeps any process waiting while it is busy.
 */
export function startBystander(): Bystander {
  const probe = join(ROOT, 'bench/subjects/probe.ts');
  const child = spawn(process.execPath, ['--import', probe, '--eval', IDLE], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  return {
    ...probeMeter(child),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
