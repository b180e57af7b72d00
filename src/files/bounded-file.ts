import { closeSync, openSync, readSync } from 'node:fs';

/**
 * A file that a setting names cannot be used. The message is a predicate ("is a directory") and does
 * not hold the path.
 */
export class FileError extends Error {
  override readonly name = 'FileError';
}

const PROBLEM_BY_CODE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'may not be read by the user that this process runs as',
  EPERM: 'may not be read by the user that this process runs as',
};

/**
 * Returns the file's bytes. @throws {FileError} where it cannot be read, or is longer than
 * `maxBytes`: such a file was named by mistake, and may be endless (a device).
 */
export function readBoundedFile(path: string, maxBytes: number): Buffer {
  const bytes = readFirstBytes(path, maxBytes + 1);
  if (bytes.length > maxBytes) throw new FileError(`is longer than ${maxBytes} bytes`);
  return bytes;
}

function readFirstBytes(path: string, count: number): Buffer {
  const buffer = Buffer.alloc(count);
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
    throw new FileError(PROBLEM_BY_CODE[code] ?? 'cannot be read', { cause: error });
  }
}
