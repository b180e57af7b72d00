import { closeSync, openSync, readSync } from 'node:fs';

/**
 * Far more than any setting needs. A longer file was named by mistake, and may be endless (a
 * device).
 */
const MAX_BYTES = 65_536;

/** The file of a setting cannot be used. The message does not hold its path. */
export class SettingFileError extends Error {
  override readonly name = 'SettingFileError';
}

const PROBLEM_BY_CODE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'may not be read by the user that the worker runs as',
  EPERM: 'may not be read by the user that the worker runs as',
};

/**
 * Reads the file of a `NAME_FILE`, as UTF-8. @throws {SettingFileError} with a predicate: "is a
 * directory".
 */
export function readSettingFile(path: string): string {
  const bytes = readFirstBytes(path);
  if (bytes.length > MAX_BYTES) throw new SettingFileError(`is longer than ${MAX_BYTES} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SettingFileError('is not UTF-8 text');
  }
}

/** Reads one byte more than the limit at most. */
function readFirstBytes(path: string): Buffer {
  const buffer = Buffer.alloc(MAX_BYTES + 1);
  try {
    const file = openSync(path, 'r');
    try {
      let length = 0;
      let read = 0;
      do {
        read = readSync(file, buffer, length, buffer.length - length, null);
        length += read;
      } while (read > 0 && length < buffer.length);
      return buffer.subarray(0, length);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new SettingFileError(PROBLEM_BY_CODE[code] ?? 'cannot be read', { cause: error });
  }
}
