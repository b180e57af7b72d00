import { FileError, readBoundedFile } from '../files/bounded-file.ts';

/** Far more than any setting needs. */
const MAX_BYTES = 65_536;

/**
 * Reads the file of a `NAME_FILE`, as UTF-8. @throws {FileError} with a predicate: "is a
 * directory".
 */
export function readSettingFile(path: string): string {
  const bytes = readBoundedFile(path, MAX_BYTES);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FileError('is not UTF-8 text');
  }
}
