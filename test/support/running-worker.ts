import { afterAll, beforeAll } from 'vitest';

import type { WorkerOptions } from '../../src/worker.ts';
import { freshNames, type FreshNames } from './fresh-names.ts';
import { Requester } from './requester.ts';
import { startWorker, type TestWorker } from './worker.ts';

/**
 * A worker that runs during the whole calling suite, in a namespace of its own, and a producer that
 * sends to it.
 */
export interface RunningWorker {
  readonly names: FreshNames;
  /** Available from the first test on. */
  readonly worker: TestWorker;
  /** Available from the first test on. */
  readonly requester: Requester;
}

export function runningWorker(settings: Readonly<Record<string, string>> = {}, options?: WorkerOptions): RunningWorker {
  const names = freshNames();
  const running = { names } as { names: FreshNames; worker: TestWorker; requester: Requester };
  beforeAll(async () => {
    running.worker = await startWorker(names, settings, options);
    running.requester = await Requester.open(names.amqpUrl, names.queue);
  });
  afterAll(async () => {
    await running.requester.close();
    await running.worker.stop();
  });
  return running;
}
