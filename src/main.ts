import { hostname } from 'node:os';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

import { ConsumerStuckError } from './amqp/consumer/stall-detector.ts';
import { TopologyMismatchError } from './amqp/connection/topology.ts';
import { amqpNeedsCertificate, amqpUrlProblem } from './amqp/connection/url.ts';
import { loadConfigOrReport, type Config } from './settings/config.ts';
import { outdatedTlsFiles } from './settings/tls.ts';
import { mongodbNeedsCertificate, mongodbTlsProblem, mongodbUrlProblem } from './mongo/connection/url.ts';
import { HttpPortUnavailableError } from './ops/http.ts';
import { createLog, type Log } from './ops/log.ts';
import { EXIT_CODES } from './protocol/catalogue.ts';
import { StoreMismatchError } from './protocol/errors.ts';
import type { Worker } from './lifecycle.ts';
import { openTracing, type TracingEvents } from './tracing/tracing.ts';
import { createWorker, OWN_ERRORS } from './worker.ts';

/**
 * Percent by which the heap grows before V8 collects all of it. By default V8 lets a worker under
 * load grow to 300 MiB with 50 in use. At 100 it stays below 170 without loss; 40 would cost a
 * sixth of the throughput.
 */
const HEAP_GROWING_PERCENT = 100;

async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  const urls = {
    amqpUrlProblem,
    amqpNeedsCertificate,
    mongodbUrlProblem,
    mongodbTlsProblem,
    mongodbNeedsCertificate,
  };
  const config = loadConfigOrReport(process.env, urls, (message) => process.stderr.write(`${message}\n`));
  if (config === undefined) return process.exit(EXIT_CODES.config);
  const log = createLog({
    level: config.logLevel,
    worker: hostname(),
    ownErrors: OWN_ERRORS,
  });
  exitOnUncaught(log);
  for (const { setting, problem } of outdatedTlsFiles(config, new Date())) {
    log.warn('a TLS setting names a file with a certificate that is not valid now', {
      argument: setting,
      reason: problem,
    });
  }
  const code = await run(config, log).catch((error: unknown) => failed(error, log));
  await exit(code, log);
}

/**
 * Node's own report would print the error's message, which can quote a request: the log replaces
 * it, for every such error.
 */
function exitOnUncaught(log: Log): void {
  const uncaught = (error: unknown): void => {
    log.error('uncaught error, exiting', {}, error);
    void exit(EXIT_CODES.failed, log);
  };
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
}

/** Logs why the worker cannot go on; returns the exit code. */
function failed(error: unknown, log: Log): number {
  if (error instanceof HttpPortUnavailableError) {
    log.error('HTTP_PORT cannot be used', { port: error.port, reason: error.message }, error);
    return error.isTransient ? EXIT_CODES.failed : EXIT_CODES.config;
  }
  log.error('the worker failed', {}, error);
  if (error instanceof ConsumerStuckError) return EXIT_CODES.stuck;
  return error instanceof TopologyMismatchError || error instanceof StoreMismatchError
    ? EXIT_CODES.config
    : EXIT_CODES.failed;
}

async function exit(code: number, log: Log, flushLimitMs?: number): Promise<never> {
  return (await log.flush(flushLimitMs)) ? process.exit(code) : abandon(code);
}

/**
 * Ends the process in every case. `process.exit` waits for a write that a stalled log reader
 * blocks. `execve` replaces the program by one without such a write, and keeps the exit code. As
 * process 1 of a container a signal to oneself has no effect.
 */
function abandon(code: number): never {
  try {
    process.execve?.(process.execPath, [process.execPath, '--eval', `process.exit(${code})`], {});
  } catch {
    // Not permitted, or Node is gone from the disk: the exit code is lost.
  }
  process.kill(process.pid, 'SIGKILL');
  return process.abort();
}

/** Runs until a signal or a failure; returns the exit code. */
async function run(config: Config, log: Log): Promise<number> {
  const tracing = await openTracing(
    process.env,
    { queue: config.requestQueue, database: databaseOf(config.mongodbUrl) },
    tracingEvents(log),
  );
  const worker = createWorker(config, log, { tracing });
  const [signalled, signalledAgain] = signals();
  void signalledAgain.then(() => exit(EXIT_CODES.failed, log, 500));
  let stopping = false;
  const started = worker.start().then(() => {
    if (!stopping) log.info('consuming requests', { queue: config.requestQueue });
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

/** The path of the URL, which was checked before. */
function databaseOf(mongodbUrl: string): string {
  return /^[^/]*\/\/[^/]*\/([^?]+)/.exec(mongodbUrl)?.[1] ?? '';
}

function tracingEvents(log: Log): TracingEvents {
  return {
    misconfigured: (argument, reason, error) =>
      log.warn('a variable of OpenTelemetry cannot be used, going on without it', { argument, reason }, error),
    exporting: (error) => {
      if (error === undefined) log.info('spans are exported again');
      else log.warn('spans cannot be exported and are dropped; contacts_spans_dropped_total counts them', {}, error);
    },
  };
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
  return report.drained ? EXIT_CODES.ok : EXIT_CODES.failed;
}

/** The first signal and the second, however soon the second follows. */
function signals(): readonly [first: Promise<NodeJS.Signals>, second: Promise<NodeJS.Signals>] {
  const heard: ((signal: NodeJS.Signals) => void)[] = [];
  const next = (): Promise<NodeJS.Signals> => new Promise((resolve) => heard.push(resolve));
  const both = [next(), next()] as const;
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, (signal) => heard.shift()?.(signal));
  return both;
}

await main();
