import { createHash } from 'node:crypto';

/** Digits of a file's digest in its message ids: 128 bits. */
const DIGITS = 32;

/** A file's identity: its content, whatever its name. */
export async function contentIdentity(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of bytes) hash.update(part);
  return `import-${hash.digest('hex').slice(0, DIGITS)}`;
}

/** The message id of a row: the same each time the same file is imported. */
export function rowMessageId(identity: string, rowNumber: number): string {
  return `${identity}-${rowNumber}`;
}
