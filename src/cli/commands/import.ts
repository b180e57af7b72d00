import { InvalidArgumentError, Option, type Command } from 'commander';

import { escapeControlsInLines } from '../../dead-letters/terminal-text.ts';
import { CommandError } from '../errors.ts';
import { EXIT_CODES, worse, type ExitCode } from '../exit-codes.ts';
import { openReader } from '../formats/open.ts';
import { FIELDS, isField, type Field } from '../formats/row.ts';
import { decodedText, UnreadableFileError } from '../formats/text.ts';
import { bytesOf, identityOf, inputOf, type Input } from '../import/input.ts';
import { Progress, rateOf, durationText } from '../import/progress.ts';
import { RejectsFile } from '../import/rejects-file.ts';
import { Rejects } from '../import/rejects.ts';
import { endOf, importRows, noCounts, type Counts, type EarlyEnd } from '../import/run.ts';
import {
  addConnection,
  addExamples,
  FILE_FORMATS,
  positiveInteger,
  type CommonOptions,
  type FileFormat,
} from '../options.ts';
import { timeoutMsOf, withContacts } from '../session.ts';
import type { Contacts } from '../contacts.ts';
import type { Run } from '../run.ts';
import type { CliEnvironment } from '../environment.ts';

interface ImportOptions extends CommonOptions {
  readonly format?: FileFormat;
  readonly map?: ReadonlyMap<string, Field>;
  readonly clientId?: number;
  readonly rejects?: string;
  readonly dryRun?: boolean;
  readonly inFlight: number;
  readonly encoding: string;
}

const MAX_IN_FLIGHT = 10_000;

export function addImport(program: Command, run: Run): void {
  const described = program.command('import').description('Create a contact for each row of a file.');
  const command = addConnection(described);
  command
    .argument('<file>', 'CSV, vCard, XML or NDJSON; - is standard input')
    .addOption(new Option('--format <format>', 'default: by the name, or the first characters').choices(FILE_FORMATS))
    .option('--map <column=field>', 'the field that a column stands for; may be repeated', addMapping)
    .option('--client-id <n>', 'client_id of the rows that have none', positiveInteger)
    .option('--rejects <file>', 'write the rejected rows here, with the reasons, to be corrected and imported')
    .option('--dry-run', 'check all rows by the worker’s rules and send nothing')
    .addOption(new Option('-o, --output <format>', 'write the counts to standard output').choices(['json']))
    .option('--in-flight <n>', 'rows that wait for an answer at a time', rowsInFlight, 256)
    .option('--encoding <name>', 'of the file', encodingName, 'utf-8')
    .option('--app-id <id>', 'keeps the message ids of several programs apart (default: contacts-cli)')
    .option('--message-id <id>', 'the file’s identity (default: from its content)');
  addExamples(
    command,
    'contacts import people.csv --client-id 1',
    'contacts import people.csv --map "E-Mail privat=email" --rejects rejected.csv',
    'contacts import people.csv --dry-run',
    'contacts import people.csv   # run again after a failure: rows that are there are not repeated',
  ).action(run(importFile));
}

async function importFile(around: CliEnvironment, options: ImportOptions, [name]: [string]): Promise<ExitCode> {
  const input = await inputOf(around, name);
  const file = options.rejects === undefined ? undefined : await RejectsFile.open(options.rejects, input.stats);
  try {
    if (options.dryRun === true) return await read(around, options, { input, file, identity: '' }, undefined);
    const identity = options.messageId ?? (await identityOf(around, input));
    return await withContacts(around, options, ({ contacts }) =>
      read(around, options, { input, file, identity }, contacts),
    );
  } finally {
    // Where nothing was read: later calls only wait for the first one.
    await file?.close().catch(() => undefined);
  }
}

interface Files {
  readonly input: Input;
  readonly file: RejectsFile | undefined;
  readonly identity: string;
}

async function read(
  around: CliEnvironment,
  options: ImportOptions,
  { input, file, identity }: Files,
  contacts: Contacts | undefined,
): Promise<ExitCode> {
  const { stderr } = around;
  const { name, size } = input;
  const warn = (message: string): void => void stderr.write(`contacts: ${escapeControlsInLines(message)}\n`);
  let bytes = 0;
  const { format, map: mapping = new Map(), clientId, inFlight } = options;
  const text = decodedText(
    bytesOf(around, input, (length) => (bytes += length)),
    options.encoding,
  );
  const reader = await openReader(text, { name, format, mapping, warn }).catch((error: unknown) =>
    rethrowUnreadable(around, name, error),
  );
  const counts = noCounts();
  const rejects = new Rejects(reader, file, warn);
  const progress = stderr.isTTY === true && size > 0 ? new Progress(stderr, counts, size, () => bytes) : undefined;
  const start = performance.now();
  let end: EarlyEnd | undefined;
  try {
    end = await importRows({
      reader,
      contacts,
      identity,
      clientId,
      inFlight,
      timeoutMs: timeoutMsOf(options),
      stop: around.stop,
      rejected: (row, problems) => rejects.add(row, problems),
      counts,
    });
  } finally {
    progress?.stop();
  }
  const unwritten = await rejects.close().then(() => undefined, endOf);
  end ??= unwritten;
  const seconds = (performance.now() - start) / 1_000;
  if (options.output === 'json') await around.stdout.write(`${JSON.stringify({ ...counts, seconds })}\n`);
  warn(summary(counts, seconds, contacts === undefined));
  if (end !== undefined) warn(`${end.reason}${contacts === undefined ? '' : howToGoOn(end, identity, size, options)}`);
  return worse(end?.exitCode ?? EXIT_CODES.ok, counts.rejected > 0 ? EXIT_CODES.failed : EXIT_CODES.ok);
}

/** No row of the file was sent yet. */
function rethrowUnreadable({ stop }: CliEnvironment, file: string, error: unknown): never {
  if (stop.aborted) throw new CommandError(EXIT_CODES.interrupted, 'Stopped.');
  if (!(error instanceof UnreadableFileError)) throw error;
  throw new CommandError(EXIT_CODES.usage, `${file} cannot be read: ${error.message}`);
}

/** A stream, which has no size, has another identity in the next run, unless one is named. */
function howToGoOn({ remedy }: EarlyEnd, identity: string, size: number, { messageId }: ImportOptions): string {
  if (remedy === undefined) return '';
  const name = size === 0 && messageId === undefined ? ` with --message-id ${identity}` : '';
  if (remedy === 'again') return ` Run the same command again${name} to go on: nothing is repeated.`;
  return ` Correct it and add --message-id ${identity}, so that the rows before are not repeated.`;
}

function summary({ rows, created, repeated, rejected, unanswered }: Counts, seconds: number, dry: boolean): string {
  if (dry) return `${rows} rows checked: ${rows - rejected} valid, ${rejected} rejected. Nothing was sent.`;
  const parts = [`${created} created`, `${repeated} there already`, `${rejected} rejected`];
  if (unanswered > 0) parts.push(`${unanswered} without an answer`);
  return `${rows} rows: ${parts.join(', ')}; ${durationText(seconds)}, ${rateOf(rows, seconds)}/s.`;
}

function addMapping(text: string, earlier: ReadonlyMap<string, Field> = new Map()): ReadonlyMap<string, Field> {
  const at = text.lastIndexOf('=');
  const field = text.slice(at + 1);
  if (at < 1 || !isField(field))
    throw new InvalidArgumentError(`It is not COLUMN=FIELD; fields are ${FIELDS.join(', ')}.`);
  return new Map([...earlier, [text.slice(0, at), field]]);
}

function rowsInFlight(text: string): number {
  const value = positiveInteger(text);
  if (value <= MAX_IN_FLIGHT) return value;
  throw new InvalidArgumentError(`It is more than ${MAX_IN_FLIGHT}.`);
}

function encodingName(text: string): string {
  try {
    return new TextDecoder(text).encoding;
  } catch {
    throw new InvalidArgumentError(
      'It is no encoding that can be read; try utf-8, utf-16le, windows-1252, iso-8859-15.',
    );
  }
}
