#!/usr/bin/env node
import process from 'node:process';
import { createInterface } from 'node:readline/promises';

import { openDeadLetters } from './amqp/dead-letter-queue/queue.ts';
import { amqpUrlProblem } from './amqp/connection/url.ts';
import { decode } from './codec/decode.ts';
import { deadLetters } from './dead-letters/command.ts';
import type { CommandContext } from './dead-letters/context.ts';
import { CLI_EXIT_CODES } from './protocol/catalogue.ts';
import { loadConfigOrReport, type Config } from './settings/config.ts';

const BROKER_TIMEOUT_MS = 5_000;
const HEARTBEAT_S = 10;

/** No command uses the database, so none loads the driver to validate the URL. */
const mongodbUrlProblem = (): undefined => undefined;

/** Executes `contacts COMMAND …` and returns the exit code. */
async function main([command, ...args]: readonly string[]): Promise<number> {
  if (command !== 'dead-letters') {
    process.stderr.write('usage: contacts dead-letters list | show | send-back | discard\n');
    return command === '--help' ? CLI_EXIT_CODES.ok : CLI_EXIT_CODES.usage;
  }
  const config = loadConfigOrReport(process.env, { amqpUrlProblem, mongodbUrlProblem }, (message) =>
    process.stderr.write(`${message}\n`),
  );
  return config === undefined ? CLI_EXIT_CODES.config : deadLetters(args, contextFor(config));
}

function contextFor({ amqpUrls: urls, requestQueue, maxRequestBytes }: Config): CommandContext {
  const { stdin, stdout, stderr } = process;
  // A reader that closes early (`| head`) must not end the command in the middle of its work.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') outputError = error.message;
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
    stop: abortedBySignal(),
  };
}

/** Aborted by the first SIGINT or SIGTERM; a second one ends the process by Node's default. */
function abortedBySignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
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

/** Why standard output could not be written; a reader that closed early is no error. */
let outputError: string | undefined;

process.exitCode = await main(process.argv.slice(2));
process.once('beforeExit', () => {
  if (outputError === undefined) return;
  process.stderr.write(`standard output cannot be written: ${outputError}\n`);
  if (process.exitCode === CLI_EXIT_CODES.ok) process.exitCode = CLI_EXIT_CODES.failed;
});
