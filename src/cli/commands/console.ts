import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';

import { CommandError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { ConsoleRequest } from '../console-request.ts';
import { addExamples, addQueue, metricsUrls } from '../options.ts';
import type { Run } from '../run.ts';
import { reasonOf } from '../session.ts';

interface ConsoleOptions extends Omit<ConsoleRequest, 'token' | 'metrics'> {
  readonly tokenFile?: string;
  readonly metrics?: readonly string[];
}

const DEFAULT_METRICS = 'http://127.0.0.1:8080/metrics';
const MIN_TOKEN_LENGTH = 16;
const MAX_UNDO_S = 300;

export function addConsole(program: Command, run: Run): void {
  const described = program
    .command('console')
    .description('Serve a page for operators: live figures, dead letters, what happened to a request.');
  const command = addQueue(described)
    .option('--port <port>', 'where it listens; 0: any free port', port, 8090)
    .option('--host <address>', 'the address that it listens on', '127.0.0.1')
    .option('--allow-host <name>', 'a further name that browsers use, such as a proxy’s; may be repeated', collect)
    .option('--public-url <url>', 'where browsers find it behind a proxy with TLS: https://NAME', publicUrl)
    .option('--read-only', 'refuse to send back, to discard and to send documents')
    .option('--token-file <file>', `holds the token, at least ${MIN_TOKEN_LENGTH} characters (default: a new one)`)
    .option('--metrics <url>', `a worker's metrics; may be repeated (default: ${DEFAULT_METRICS})`, metricsUrls)
    .option('--log <file>', 'a log file of a worker, searched for requests; may be repeated', collect)
    .option('--audit-log <file>', 'append what people did to this file, too')
    .option('--undo <seconds>', 'how long a confirmed action can be undone', undoSeconds, 10);
  addExamples(
    command,
    'contacts console',
    'contacts console --host 0.0.0.0 --public-url https://console.example',
    'contacts console --metrics http://worker-1:8080/metrics --metrics http://worker-2:8080/metrics',
    'MONGODB_URL=mongodb://db/contacts contacts console --read-only --token-file /run/secrets/console-token',
  ).action(
    run(async (around, { tokenFile, metrics = [DEFAULT_METRICS], ...options }: ConsoleOptions) => {
      const token = tokenFile === undefined ? undefined : await readToken(tokenFile);
      await around.console({ ...options, metrics, token });
      return EXIT_CODES.ok;
    }),
  );
}

async function readToken(file: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new CommandError(EXIT_CODES.config, `The token file cannot be read: ${reasonOf(error)}`);
  }
  if (/^[\x21-\x7e]+$/.test(token) && token.length >= MIN_TOKEN_LENGTH) return token;
  const problem = `The token needs at least ${MIN_TOKEN_LENGTH} characters of ASCII, and no space`;
  throw new CommandError(EXIT_CODES.config, `${problem}: ${file}`);
}

function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (value <= 65_535) return value;
  throw new InvalidArgumentError('It is not a port, 0 to 65535.');
}

function undoSeconds(text: string): number {
  const value = /^\d{1,3}(?:\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
  if (value <= MAX_UNDO_S) return value;
  throw new InvalidArgumentError(`It is not a number of seconds from 0 to ${MAX_UNDO_S}.`);
}

/** Returns the origin. */
function publicUrl(text: string): string {
  const given = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = given !== undefined && /^https?:$/.test(given.protocol) && given.href === `${given.origin}/`;
  if (isOrigin) return given.origin;
  throw new InvalidArgumentError('It is not a URL https://NAME or https://NAME:PORT.');
}

function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}
