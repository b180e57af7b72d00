import { constants, createReadStream, fstatSync, type Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';

import { InvalidArgumentError, Option, type Command } from 'commander';

import { CommandError } from '../errors.ts';
import { EXIT_CODES, worse, type ExitCode } from '../exit-codes.ts';
import { openReader } from '../formats/open.ts';
import { FIELDS, isField, type Field } from '../formats/row.ts';
import { decodedText, UnreadableFileError } from '../formats/text.ts';
import { contentIdentity } from '../import/identity.ts';
import { Progress, rateOf, durationText } from '../import/progress.ts';
import { Rejects } from '../import/rejects.ts';
import { importRows, noCounts, type Counts, type EarlyEnd } from '../import/run.ts';
import {
  addConnection,
  addExamples,
  FILE_FORMATS,
  positiveInteger,
  type CommonOptions,
  type FileFormat,
} from '../options.ts';
import { reasonOf, timeoutMsOf, withContacts } from '../session.ts';
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

const STDIN = '-';
const MAX_IN_FLIGHT = 10_000;
/** Of a file at a time: the rows of one part are in memory together. */
const READ_BYTES = 16_384;

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

async function importFile(around: CliEnvironment, options: ImportOptions, [file]: [string]): Promise<ExitCode> {
  const size = await sizeOf(around, file, options.rejects);
  if (options.dryRun === true) return read(around, options, { file, size, identity: '' }, undefined);
  const identity = options.messageId ?? (await identityOf(around, file));
  return withContacts(around, options, ({ contacts }) => read(around, options, { file, size, identity }, contacts));
}

interface Source {
  readonly file: string;
  /** In bytes; 0 where it is not known. */
  readonly size: number;
  readonly identity: string;
}

async function read(
  around: CliEnvironment,
  options: ImportOptions,
  { file, size, identity }: Source,
  contacts: Contacts | undefined,
): Promise<ExitCode> {
  const { stderr } = around;
  const warn = (message: string): void => void stderr.write(`contacts: ${message}\n`);
  let bytes = 0;
  const input = counted(
    addAbortSignal(around.stop, file === STDIN ? around.stdin : createReadStream(file, { highWaterMark: READ_BYTES })),
    (length) => (bytes += length),
  );
  const { format, map: mapping = new Map(), clientId, inFlight } = options;
  const text = decodedText(input, options.encoding);
  const reader = await openReader(text, { name: file, format, mapping, warn }).catch((error: unknown) =>
    rethrowUnreadable(around, file, error),
  );
  const counts = noCounts();
  const rejects = new Rejects(reader, options.rejects, warn);
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
    await rejects.close();
  }
  const seconds = (performance.now() - start) / 1_000;
  if (options.output === 'json') await around.stdout.write(`${JSON.stringify({ ...counts, seconds })}\n`);
  warn(summary(counts, seconds, contacts === undefined));
  if (end !== undefined)
    warn(contacts === undefined ? end.reason : `${end.reason} ${howToGoOn(end, identity, size, options)}`);
  return worse(end?.exitCode ?? EXIT_CODES.ok, counts.rejected > 0 ? EXIT_CODES.failed : EXIT_CODES.ok);
}

/** No row of the file was sent yet. */
function rethrowUnreadable({ stop }: CliEnvironment, file: string, error: unknown): never {
  if (stop.aborted) throw new CommandError(EXIT_CODES.interrupted, 'Stopped.');
  if (!(error instanceof UnreadableFileError)) throw error;
  throw new CommandError(EXIT_CODES.usage, `${file} cannot be read: ${error.message}`);
}

/** A stream, which has no size, has another identity in the next run, unless one is named. */
function howToGoOn({ unreadable }: EarlyEnd, identity: string, size: number, { messageId }: ImportOptions): string {
  const name = size === 0 && messageId === undefined ? ` with --message-id ${identity}` : '';
  if (!unreadable) return `Run the same command again${name} to go on: nothing is repeated.`;
  return `Correct it and add --message-id ${identity}, so that the rows before are not repeated.`;
}

function summary({ rows, created, repeated, rejected, unanswered }: Counts, seconds: number, dry: boolean): string {
  if (dry) return `${rows} rows checked: ${rows - rejected} valid, ${rejected} rejected. Nothing was sent.`;
  const parts = [`${created} created`, `${repeated} there already`, `${rejected} rejected`];
  if (unanswered > 0) parts.push(`${unanswered} without an answer`);
  return `${rows} rows: ${parts.join(', ')}; ${durationText(seconds)}, ${rateOf(rows, seconds)}/s.`;
}

/** @throws {CommandError} where the file cannot be read, or would be overwritten. */
async function sizeOf({ stdin }: CliEnvironment, file: string, rejects: string | undefined): Promise<number> {
  let found: Stats | undefined;
  try {
    found = file === STDIN ? statOf(stdin) : await stat(file);
    if (found?.isDirectory() === true) throw new Error('it is a directory');
    if (file !== STDIN) await access(file, constants.R_OK);
  } catch (error) {
    throw new CommandError(EXIT_CODES.usage, `${file} cannot be read: ${reasonOf(error)}`);
  }
  if (rejects !== undefined) await refuseRejects(rejects, found);
  return file !== STDIN && found?.isFile() === true ? found.size : 0;
}

/** @throws {CommandError} where the rejected rows would overwrite the input, or cannot be written. */
async function refuseRejects(rejects: string, input: Stats | undefined): Promise<void> {
  const target = await stat(rejects).catch(() => undefined);
  if (target?.isDirectory() === true) throw new CommandError(EXIT_CODES.usage, `${rejects} is a directory.`);
  if (target?.isFile() !== true || target.ino !== input?.ino || target.dev !== input.dev) return;
  throw new CommandError(EXIT_CODES.usage, '--rejects must be another file than the one that is imported.');
}

/** What is behind standard input; `undefined` where that is no file descriptor. */
function statOf(stdin: Readable): Stats | undefined {
  const fd: unknown = Reflect.get(stdin, 'fd');
  return typeof fd === 'number' ? fstatSync(fd) : undefined;
}

/** What can be read once only has an identity of its own each time. */
async function identityOf(around: CliEnvironment, file: string): Promise<string> {
  if (file !== STDIN && (await stat(file)).isFile()) return contentIdentity(opened(file));
  around.stderr.write(
    'contacts: A stream has no identity: name one with --message-id, or a second run repeats all rows.\n',
  );
  return `import-${crypto.randomUUID()}`;
}

function opened(file: string): AsyncIterable<Uint8Array> {
  return createReadStream(file, { highWaterMark: READ_BYTES });
}

async function* counted(bytes: AsyncIterable<Uint8Array>, add: (length: number) => void): AsyncGenerator<Uint8Array> {
  for await (const part of bytes) {
    add(part.length);
    yield part;
  }
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
