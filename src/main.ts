import { hostname } from 'node:os';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

import { ConsumerStuckError } from './amqp/consumer/progress.ts';
import { TopologyMismatchError } from './amqp/connection/topology.ts';
import { amqpUrlProblem } from './amqp/connection/url.ts';
import { loadConfigOrReport, type Config } from './settings/config.ts';
import { mongodbUrlProblem } from './mongo/connection/url.ts';
import { HttpPortUnavailableError } from './ops/http.ts';
import { createLog, type Log } from './ops/log.ts';
import { StoreMismatchError } from './protocol/errors.ts';
import { createWorker, OWN_ERRORS, type Worker } from './worker.ts';

/** EX_CONFIG of sysexits.h: trying again without changing the settings is of no use. */
const EXIT_CONFIG = 78;
const EXIT_FAILED = 1;
/** EX_TEMPFAIL of sysexits.h: requests waited and none was taken; another process may do better. */
const EXIT_STUCK = 75;
/**
 * Percent by which the heap grows before V8 collects all of it. Left alone, V8 lets a worker under load grow to 300 MiB,
 * 50 of them in use; so it stays below 200, at no loss; 40 costs a sixth of the throughput.
 */
const HEAP_GROWING_PERCENT = 100;

async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  const config = loadConfigOrReport(process.env, { amqpUrlProblem, mongodbUrlProblem }, (message) =>
    process.stderr.write(`${message}\n`),
  );
  if (config === undefined) return process.exit(EXIT_CONFIG);
  const log = createLog({
    level: config.logLevel,
    worker: hostname(),
    ownErrors: OWN_ERRORS,
  });
  exitOnUncaught(log);
  const code = await run(config, log).catch((error: unknown) => failed(error, log));
  await exit(code, log);
}

/** Node's own report would print an error's message, which can quote a request: none is left to it, however many come. */
function exitOnUncaught(log: Log): void {
  const uncaught = (error: unknown): void => {
    log.error('uncaught error, exiting', {}, error);
    void exit(EXIT_FAILED, log);
  };
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
}

/** Says why the worker cannot go on; gives the exit code. */
function failed(error: unknown, log: Log): number {
  if (error instanceof HttpPortUnavailableError) {
    log.error('HTTP_PORT cannot be used', { port: error.port, reason: error.message }, error);
    return error.isTransient ? EXIT_FAILED : EXIT_CONFIG;
  }
  log.error('the worker failed', {}, error);
  if (error instanceof ConsumerStuckError) return EXIT_STUCK;
  return error instanceof TopologyMismatchError || error instanceof StoreMismatchError ? EXIT_CONFIG : EXIT_FAILED;
}

async function exit(code: number, log: Log, flushLimitMs?: number): Promise<never> {
  return (await log.flush(flushLimitMs)) ? process.exit(code) : abandon(code);
}

/**
 * Ends the process for certain. `process.exit` waits for a write that the log's reader holds up; another program in this
 * one's place has no such write, and keeps the exit code. A signal to oneself does nothing as process 1 of a container.
 */
function abandon(code: number): never {
  try {
    process.execve?.(process.execPath, [process.execPath, '--eval', `process.exit(${code})`], {});
  } catch {
    // Not allowed here, or Node is gone from the disk: then without the exit code.
  }
  process.kill(process.pid, 'SIGKILL');
  return process.abort();
}

/** Runs until a signal or a failure; gives the exit code. */
async function run(config: Config, log: Log): Promise<number> {
  const worker = createWorker(config, log);
  const [signalled, signalledAgain] = signals();
  void signalledAgain.then(() => exit(EXIT_FAILED, log, 500));
  let stopping = false;
  const started = worker.start().then(() => {
    if (!stopping) log.info('taking requests', { queue: config.requestQueue });
  });
  const reason = await Promise.race([signalled, Promise.all([started, worker.failed])]).catch(
    async (error: unknown) => {
      await worker.stop();
      throw error;
    },
  );
  stopping = true;
  log.info('stopping', { signal: String(reason) });
  return stop(worker, log);
}

async function stop(worker: Worker, log: Log): Promise<number> {
  const report = await worker.stop();
  log.info('stopped', {
    reason: report.drained ? 'drained' : 'drain timeout',
    delivered: report.delivered,
    acknowledged: report.acknowledged,
    dead_lettered: report['dead-lettered'],
    handed_back: report['handed-back'],
    lost: report.lost,
  });
  return report.drained ? 0 : EXIT_FAILED;
}

/** The first signal and the second, however soon one follows the other. */
function signals(): readonly [first: Promise<NodeJS.Signals>, second: Promise<NodeJS.Signals>] {
  const heard: ((signal: NodeJS.Signals) => void)[] = [];
  const next = (): Promise<NodeJS.Signals> => new Promise((resolve) => heard.push(resolve));
  const both = [next(), next()] as const;
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, (signal) => heard.shift()?.(signal));
  return both;
}

await main();
