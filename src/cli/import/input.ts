import { constants, createReadStream, fstatSync, type Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';

import type { CliEnvironment } from '../environment.ts';
import { CommandError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { UnreadableFileError } from '../formats/text.ts';
import { reasonOf } from '../session.ts';
import { contentIdentity } from './identity.ts';

const STDIN = '-';
/** Of a file at a time: the rows of one part are in memory together. */
const READ_BYTES = 16_384;

/** A file that is imported, or standard input. */
export interface Input {
  readonly name: string;
  /** `undefined`: not known. */
  readonly stats: Stats | undefined;
  /** In bytes; 0 where it is not known. */
  readonly size: number;
}

/** @throws {CommandError} where it cannot be read. */
export async function inputOf({ stdin }: CliEnvironment, name: string): Promise<Input> {
  try {
    const stats = name === STDIN ? statOf(stdin) : await stat(name);
    if (stats?.isDirectory() === true) throw new Error('it is a directory');
    if (name !== STDIN) await access(name, constants.R_OK);
    return { name, stats, size: name !== STDIN && stats?.isFile() === true ? stats.size : 0 };
  } catch (error) {
    throw new CommandError(EXIT_CODES.usage, `${name} cannot be read: ${reasonOf(error)}`);
  }
}

/** What is behind standard input; `undefined` where that is no file descriptor. */
function statOf(stdin: Readable): Stats | undefined {
  const fd: unknown = Reflect.get(stdin, 'fd');
  return typeof fd === 'number' ? fstatSync(fd) : undefined;
}

/** What can be read once only has an identity of its own each time. */
export async function identityOf(around: CliEnvironment, { name, stats }: Input): Promise<string> {
  if (name !== STDIN && stats?.isFile() === true) return contentIdentity(opened(name));
  around.stderr.write(
    'contacts: A stream has no identity: name one with --message-id, or a second run repeats all rows.\n',
  );
  return `import-${crypto.randomUUID()}`;
}

/** The bytes, until `stop` is aborted. Calls `count` with the length of each part. */
export async function* bytesOf(
  { stdin, stop }: CliEnvironment,
  { name }: Input,
  count: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  const stream = name === STDIN ? stdin : opened(name);
  try {
    for await (const part of addAbortSignal(stop, stream) as AsyncIterable<Uint8Array>) {
      count(part.length);
      yield part;
    }
  } catch (error) {
    // A failing disk, say: the rows before count.
    throw new UnreadableFileError(reasonOf(error));
  }
}

function opened(name: string): Readable {
  return createReadStream(name, { highWaterMark: READ_BYTES });
}
