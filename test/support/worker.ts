import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { amqpNeedsCertificate, amqpUrlProblem } from '../../src/amqp/connection/url.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { mongodbNeedsCertificate, mongodbTlsProblem, mongodbUrlProblem } from '../../src/mongo/connection/url.ts';
import { createLog } from '../../src/ops/log.ts';
import { readSettingFile } from '../../src/settings/setting-file.ts';
import type { Worker } from '../../src/lifecycle.ts';
import { createWorker, OWN_ERRORS, type WorkerOptions } from '../../src/worker.ts';
import type { FreshNames } from './fresh-names.ts';

/** A worker in the test's own process, with its log in a file. */
export interface TestWorker extends Worker {
  /** Returns the log's lines so far, parsed. */
  logLines(): Promise<Record<string, unknown>[]>;
  /** Returns the log's text so far. */
  logText(): Promise<string>;
}

/**
 * Builds a worker in a test's namespace without starting it; `settings` overrides the environment.
 */
export function testWorker(
  names: FreshNames,
  settings: Readonly<Record<string, string>> = {},
  options: WorkerOptions = {},
): TestWorker {
  const environment = {
    AMQP_URL: names.amqpUrl,
    MONGODB_URL: names.mongodbUrl,
    REQUEST_QUEUE: names.queue,
    HTTP_PORT: '0',
    LOG_LEVEL: 'debug',
    ...settings,
  };
  const file = join(mkdtempSync(join(tmpdir(), 'contacts-worker-')), 'log');
  const config = loadConfig(environment, readSettingFile, {
    amqpUrlProblem,
    amqpNeedsCertificate,
    mongodbUrlProblem,
    mongodbTlsProblem,
    mongodbNeedsCertificate,
  });
  const log = createLog({ level: config.logLevel, destination: file, ownErrors: OWN_ERRORS });
  const worker = createWorker(config, log, options);
  const logText = async (): Promise<string> => {
    await log.flush();
    return readFileSync(file, 'utf8');
  };
  return Object.assign(worker, {
    logText,
    logLines: async () =>
      (await logText())
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  });
}

/** Starts a worker and waits until it is ready. */
export async function startWorker(...args: Parameters<typeof testWorker>): Promise<TestWorker> {
  const worker = testWorker(...args);
  await worker.start();
  return worker;
}
