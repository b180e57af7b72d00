#!/usr/bin/env node
import process from 'node:process';
import { createInterface } from 'node:readline/promises';

import { openDeadLetters } from './amqp/dead-letter-queue/queue.ts';
import { amqpUrlProblem } from './amqp/connection/url.ts';
import { decode } from './codec/decode.ts';
import { ConfigError, loadConfig, type Config } from './settings/config.ts';
import { deadLetters } from './dead-letters/command.ts';
import type { CommandContext } from './dead-letters/context.ts';
import { readSettingFile } from './settings/setting-file.ts';

const EXIT_USAGE = 2;
/** EX_CONFIG of sysexits.h, as the worker's. */
const EXIT_CONFIG = 78;
const BROKER_TIMEOUT_MS = 5_000;
const HEARTBEAT_S = 10;

/** No command uses the database, so none loads its driver to check the URL. */
const mongodbUrlProblem = (): undefined => undefined;

/** The exit code of `contacts COMMAND …`. */
async function main([command, ...args]: readonly string[]): Promise<number> {
  if (command !== 'dead-letters') {
    process.stderr.write('usage: contacts dead-letters list | show | send-back | discard\n');
    return command === '--help' ? 0 : EXIT_USAGE;
  }
  try {
    const config = loadConfig(process.env, readSettingFile, { amqpUrlProblem, mongodbUrlProblem });
    return await deadLetters(args, deskOf(config));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT_CONFIG;
  }
}

function deskOf({ amqpUrls: urls, requestQueue, maxRequestBytes }: Config): CommandContext {
  const { stdin, stdout, stderr } = process;
  // A reader that has seen enough (`| head`) must not end the command in the middle of its work.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') unwritten = error.message;
  });
  stderr.on('error', () => undefined);
  return {
    requestQueue,
    open: () => openDeadLetters({ urls, timeoutMs: BROKER_TIMEOUT_MS, heartbeatS: HEARTBEAT_S }, requestQueue),
    methodOf: (body) => {
      const decoded = decode(body, { maxBytes: maxRequestBytes });
      return decoded.ok ? decoded.request.method : decoded.method;
    },
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    drained: async () => {
      if (!stdout.writableNeedDrain) return;
      await new Promise((resolve) => ['drain', 'close'].forEach((event) => stdout.once(event, resolve)));
    },
    ask: stdin.isTTY && stderr.isTTY ? ask : undefined,
    stop: stopSignal(),
  };
}

/** Aborted by the first signal that asks for an end; the second one ends the process as ever. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D close it, which counts as a no.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answered = terminal.question(question);
  answered.catch(() => undefined);
  try {
    return /^y(es)?$/i.test((await Promise.race([answered, closed])).trim());
  } finally {
    terminal.close();
  }
}

/** Why standard output could not be written, a reader that has gone apart. */
let unwritten: string | undefined;

process.exitCode = await main(process.argv.slice(2));
process.once('beforeExit', () => {
  if (unwritten === undefined) return;
  process.stderr.write(`standard output cannot be written: ${unwritten}\n`);
  if (process.exitCode === 0) process.exitCode = 1;
});
