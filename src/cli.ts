#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { setFlagsFromString } from 'node:v8';

import { EXIT_CODES } from './cli/exit-codes.ts';
import { runContacts } from './cli/program.ts';
import { CommandError } from './cli/errors.ts';
import type { Given, CliEnvironment } from './cli/environment.ts';
import type { TlsFiles } from './files/tls-files.ts';
import type { UrlValidators } from './settings/formats.ts';
import { StandardOutput } from './cli/standard-output.ts';

const BROKER_TIMEOUT_MS = 5_000;
const HEARTBEAT_S = 10;

/**
 * The rows of an import live as long as their requests. V8 would promote them to its old space
 * and let that grow: 230 MB where 40 are alive. Smaller steps cost a third more CPU time per row and
 * keep an import of any length near 115 MB (measured to 100,000 rows).
 */
const SMALL_HEAP = ['--semi-space-growth-factor=1', '--heap-growing-percent=50'];
for (const flag of SMALL_HEAP) setFlagsFromString(flag);

/** Loads no driver: only the doctor, the console and the claims use the database. */
const NO_DATABASE = {
  mongodbUrlProblem: () => undefined,
  mongodbTlsProblem: () => undefined,
  mongodbNeedsCertificate: () => false,
};

/** The settings of the worker that a command line program uses. */
const OWN_SETTINGS = [
  'AMQP_URL',
  'AMQP_TLS_CA',
  'AMQP_TLS_CERT',
  'AMQP_TLS_KEY',
  'REQUEST_QUEUE',
  'REQUEST_QUEUES',
] as const;

const DATABASE_SETTINGS = ['MONGODB_URL', 'MONGODB_TLS_CA', 'MONGODB_TLS_CERT_KEY'];

/** Whether a setting names a database: without one the doctor and the console do without it. */
function hasDatabase(): boolean {
  return ['MONGODB_URL', 'MONGODB_URL_FILE'].some((name) => (process.env[name] ?? '') !== '');
}

/**
 * Reads the settings; `given` wins over the environment. @throws {CommandError} where one is not
 * usable: an option is wrong usage, a variable a wrong setting.
 */
async function readSettings(
  given: Given,
  names?: readonly string[],
  database: Omit<UrlValidators, 'amqpUrlProblem' | 'amqpNeedsCertificate'> = NO_DATABASE,
) {
  const [{ loadConfig, InvalidSettingsError }, { readSettingFile }, { amqpNeedsCertificate, amqpUrlProblem }] =
    await Promise.all([
      import('./settings/config.ts'),
      import('./settings/setting-file.ts'),
      import('./amqp/connection/url.ts'),
    ]);
  const options = new Map([
    ['AMQP_URL', given.url],
    ['REQUEST_QUEUE', given.queue],
    ['REQUEST_QUEUES', given.queues],
  ]);
  const environment: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(process.env)) {
    const setting = name.replace(/_FILE$/, '');
    if (names?.includes(setting) !== false && options.get(setting) === undefined) environment[name] = value;
  }
  for (const [name, value] of options) if (value !== undefined) environment[name] = value;
  try {
    return loadConfig(environment, readSettingFile, { amqpUrlProblem, amqpNeedsCertificate, ...database });
  } catch (error) {
    if (!(error instanceof InvalidSettingsError)) throw error;
    const byOption = error.problems.every((problem) => options.get(problem.split(':', 1)[0] ?? '') !== undefined);
    throw new CommandError(byOption ? EXIT_CODES.usage : EXIT_CODES.config, error.message);
  }
}

/** The files of AMQP_TLS_…, as `settings` found them: whatever connects comes after it. */
let tls: TlsFiles | undefined;

const stop = abortedBySignal();
const stdout = new StandardOutput(process.stdout);
process.stderr.on('error', () => undefined);

const environment: CliEnvironment = {
  environment: process.env,
  stdin: process.stdin,
  stdout,
  stderr: process.stderr,
  stop,
  settings: async (given) => {
    const config = await readSettings(given, OWN_SETTINGS);
    tls = config.amqpTls;
    return { urls: config.amqpUrls, queue: config.requestQueue, queues: config.requestQueues };
  },
  connect: async ({ urls, ...connection }) => {
    const { ContactsClient } = await import('./client/index.ts');
    return ContactsClient.connect({ url: urls, tls, ...connection });
  },
  deadLetters,
  console: async (request) => {
    const [{ serveConsole }, validators] = await Promise.all([
      import('./console.ts'),
      hasDatabase() ? import('./mongo/connection/url.ts') : NO_DATABASE,
    ]);
    const config = await readSettings(request, undefined, validators);
    await serveConsole(request, config, { stderr: process.stderr, stop, hasDatabase: hasDatabase() });
  },
  inspectBroker: async (urls, timeoutMs) => {
    const { inspectBroker } = await import('./amqp/inspection/broker.ts');
    return inspectBroker({ urls, tls, timeoutMs, heartbeatS: HEARTBEAT_S });
  },
  inspectDatabase: async (timeoutMs) => {
    if (!hasDatabase()) return undefined;
    const [{ inspectDatabase }, validators] = await Promise.all([
      import('./mongo/inspection.ts'),
      import('./mongo/connection/url.ts'),
    ]);
    const { mongodbUrl, mongodbTls } = await readSettings({}, DATABASE_SETTINGS, validators);
    return inspectDatabase(mongodbUrl, timeoutMs, mongodbTls);
  },
  fillClaims: async (waitMs) => {
    const [{ fillClaims }, validators, { StoreDefectError, UnavailableError }] = await Promise.all([
      import('./mongo/claims/filling.ts'),
      import('./mongo/connection/url.ts'),
      import('./protocol/errors.ts'),
    ]);
    const { mongodbUrl, mongodbTls } = await readSettings({}, undefined, validators);
    // The default names whatever runs on this machine.
    if (!hasDatabase()) throw new CommandError(EXIT_CODES.config, 'MONGODB_URL is not set');
    try {
      return await fillClaims(mongodbUrl, { tls: mongodbTls, waitMs, stop });
    } catch (error) {
      if (stop.aborted) throw new CommandError(EXIT_CODES.interrupted, 'interrupted; run it again to go on');
      if (!(error instanceof StoreDefectError) && !(error instanceof UnavailableError)) throw error;
      throw new CommandError(EXIT_CODES.failed, error.message);
    }
  },
  // The same relative place from src/ and from dist/.
  schemaFile: (name) => readFile(new URL(`../schema/${name}`, import.meta.url), 'utf8'),
};

/** `contacts dead-letters …`, which checks all settings of the worker. */
async function deadLetters(args: readonly string[], given: Given): Promise<number> {
  const [command, { openDeadLetters }, { decode }, { letterAddress }] = await Promise.all([
    import('./dead-letters/command.ts'),
    import('./amqp/dead-letter-queue/queue.ts'),
    import('./codec/decode.ts'),
    import('./codec/routing-key.ts'),
  ]);
  const { amqpUrls: urls, amqpTls, requestQueue, requestQueues, maxRequestBytes } = await readSettings(given);
  const { stdin, stderr } = process;
  const queues = { name: requestQueue, count: requestQueues };
  const connection = { urls, tls: amqpTls, timeoutMs: BROKER_TIMEOUT_MS, heartbeatS: HEARTBEAT_S };
  return command.deadLetters(args, {
    requestQueue,
    open: () => openDeadLetters(connection, requestQueue, (letter) => letterAddress(queues, letter)),
    methodOf: (body) => {
      const decoded = decode(body, { maxBytes: maxRequestBytes });
      return decoded.ok ? decoded.request.method : decoded.method;
    },
    // A reader that closes early (`| head`) must not end the command in the middle of its work.
    out: (line) => stdout.writeOrDrop(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    drained: () => stdout.drained(),
    ask: stdin.isTTY && stderr.isTTY ? ask : undefined,
    stop,
  });
}

/** Aborted by the first SIGINT or SIGTERM; a second one ends the process by Node's default. */
function abortedBySignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D close the terminal, which counts as a no.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answered = terminal.question(question);
  answered.catch(() => undefined);
  try {
    return /^y(es)?$/i.test((await Promise.race([answered, closed])).trim());
  } finally {
    terminal.close();
  }
}

process.exitCode = await runContacts(process.argv.slice(2), environment);
process.once('beforeExit', () => {
  if (stdout.failure === undefined) return;
  process.stderr.write(`standard output cannot be written: ${stdout.failure}\n`);
  if (process.exitCode === EXIT_CODES.ok) process.exitCode = EXIT_CODES.failed;
});
