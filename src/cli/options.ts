import { InvalidArgumentError, Option, type Command } from 'commander';

import { deadlineMs } from '../protocol/deadline.ts';

/** Options that most commands accept. */
export interface CommonOptions {
  readonly url?: string;
  readonly queue?: string;
  /** Checked with the settings, as it was given. */
  readonly queues?: string;
  /** Seconds. */
  readonly timeout?: number;
  readonly appId?: string;
  readonly messageId?: string;
  /** Milliseconds since the epoch. */
  readonly deadline?: number | typeof NO_DEADLINE;
  readonly output?: OutputFormat;
}

/** Not `null`, of which commander makes an empty text. */
export const NO_DEADLINE = 'none';

export const OUTPUT_FORMATS = ['xml', 'json', 'table'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export const FILE_FORMATS = ['csv', 'vcf', 'xml', 'ndjson'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** A setTimeout of more would fire at once. */
const MAX_TIMEOUT_S = 2_147_483;

/** Where the queue is. */
export function addQueue(command: Command): Command {
  return command
    .option('--url <url>', 'the broker, amqp:// or amqps:// (default: AMQP_URL)')
    .option('--queue <name>', 'the request queue (default: REQUEST_QUEUE)')
    .option('--queues <n>', 'how many request queues there are (default: REQUEST_QUEUES)');
}

/** Where requests go. */
export function addConnection(command: Command): Command {
  return addQueue(command).option('--timeout <seconds>', 'how long to wait for an answer (default: 30)', seconds);
}

/** Where requests go, and how they are marked. */
export function addRequest(command: Command): Command {
  return addConnection(command)
    .option('--app-id <id>', 'keeps the message ids of several programs apart (default: contacts-cli)')
    .option('--message-id <id>', 'the same id again repeats nothing (default: a new one)')
    .option(
      '--deadline <time>',
      'execute nothing after this time: +SECONDS, 2026-11-27T18:00:00Z or none (default: the end of --timeout)',
      deadline,
    );
}

/** `formats` are all, or those without the documents of the wire. */
export function addOutput(command: Command, formats: readonly OutputFormat[] = OUTPUT_FORMATS): Command {
  const otherwise = formats.includes('xml') ? 'xml' : 'json';
  const option = new Option('-o, --output <format>', `default: table on a terminal, else ${otherwise}`);
  return command.addOption(option.choices(formats));
}

/** From now on, or a point in time with its zone. */
function deadline(text: string): number | typeof NO_DEADLINE {
  if (text === NO_DEADLINE) return text;
  const time = deadlineMs(text.startsWith('+') ? Date.now() + seconds(text.slice(1)) * 1_000 : timeOf(text));
  if (time !== undefined) return time;
  throw new InvalidArgumentError('It is neither +SECONDS nor a time such as 2026-11-27T18:00:00Z.');
}

/** In milliseconds since the epoch; NaN where the text is no time with its zone. */
function timeOf(text: string): number {
  const day = /^(\d{4}-\d\d-\d\d)T[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.exec(text)?.[1];
  // Date.parse makes 2 March of 30 February.
  const isDay = day !== undefined && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
  return isDay ? Date.parse(text) : NaN;
}

export function seconds(text: string): number {
  const value = /^\d{1,7}(?:\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
  if (value > 0 && value <= MAX_TIMEOUT_S) return value;
  throw new InvalidArgumentError('It is not a number of seconds above 0.');
}

/** An id, a page, a count: 1 … 2^53−1. */
export function positiveInteger(text: string): number {
  const value = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : NaN;
  if (value <= Number.MAX_SAFE_INTEGER) return value;
  throw new InvalidArgumentError(`It is not a whole number from 1 to ${Number.MAX_SAFE_INTEGER}.`);
}

/** For an argument that may be given several times. */
export function positiveIntegers(text: string, earlier: readonly number[] | undefined): readonly number[] {
  return [...(earlier ?? []), positiveInteger(text)];
}

/**
 * For a worker's metrics page, which may be given several times. A password in a URL is refused: it
 * would be shown beside the worker's name, and `fetch` accepts none.
 */
export function metricsUrls(text: string, earlier: readonly string[] = []): readonly string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (isPlain) return [...earlier, text];
  throw new InvalidArgumentError('It is not a URL http://HOST:PORT/metrics, without a user and a password.');
}

const EXAMPLES = new WeakMap<Command, readonly string[]>();

/** Adds examples to the help; a test runs each as it is. */
export function addExamples(command: Command, ...examples: readonly string[]): Command {
  EXAMPLES.set(command, examples);
  return command.addHelpText('after', ['', 'Examples:', ...examples.map((example) => `  ${example}`)].join('\n'));
}

/** The examples of a command's help; none where it writes its help itself. */
export function examplesOf(command: Command): readonly string[] {
  return EXAMPLES.get(command) ?? [];
}
