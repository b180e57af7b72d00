import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

import { FileError, readBoundedFile } from './bounded-file.ts';

/** Paths of PEM files; a certificate and its key may be in one file. */
export interface TlsFiles {
  /** The authorities that are trusted, in place of the system's. */
  readonly ca?: string | undefined;
  /** The client's certificate, and the chain that leads to its authority. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export type TlsPart = keyof TlsFiles;

/** What is wrong with a file, as a predicate without its path. */
export interface TlsFileProblem {
  readonly part: TlsPart;
  readonly problem: string;
}

/** The files cannot be used for a connection now. The message holds no path. */
export class TlsFilesError extends Error {
  override readonly name = 'TlsFilesError';
  readonly code = 'ERR_TLS_FILES';

  constructor(problems: readonly TlsFileProblem[]) {
    super(problems.map(({ part, problem }) => `${PART_NAMES[part]} ${problem}`).join('; '));
  }
}

const PART_NAMES: Readonly<Record<TlsPart, string>> = {
  ca: 'the file of the certificate authorities',
  cert: "the file of the client's certificate",
  key: "the file of the client's key",
};

/** A bundle of all public authorities has about 250,000 bytes. */
const MAX_BYTES = 4 * 1_048_576;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads the files for one connection, so that each connection has the newest. @throws
 * {TlsFilesError} where they cannot be used, or do not fit each other.
 */
export function readTlsFiles(files: TlsFiles): SecureContextOptions {
  const { content, problems } = readAndCheck(files);
  if (problems.length > 0) throw new TlsFilesError(problems);
  return content;
}

/** Returns everything that makes the files unusable for a connection. */
export function tlsFilesProblems(files: TlsFiles): readonly TlsFileProblem[] {
  return readAndCheck(files).problems;
}

/**
 * Returns which certificates have expired at `now`, or are not valid yet. They can be read, and the
 * server decides: its clock counts.
 */
export function outdatedCertificates(files: TlsFiles, now: Date): readonly TlsFileProblem[] {
  const { content } = readAndCheck(files);
  return (['ca', 'cert'] as const).flatMap((part) => {
    const certificates = certificatesIn(content[part]);
    // Behind the client's certificate there may be its chain. Of several authorities one is enough.
    const judged = part === 'cert' ? certificates.slice(0, 1) : certificates;
    const reasons = judged.map((certificate) => outdated(certificate, now));
    const [first] = reasons;
    return first !== undefined && reasons.every((reason) => reason !== undefined) ? [{ part, problem: first }] : [];
  });
}

function outdated({ validFrom, validTo }: X509Certificate, now: Date): string | undefined {
  const [from, to] = [new Date(validFrom), new Date(validTo)];
  if (to < now) return `holds a certificate that expired on ${to.toISOString()}`;
  if (from > now) return `holds a certificate that is valid only from ${from.toISOString()}`;
  return undefined;
}

interface Content {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

function readAndCheck(files: TlsFiles): { content: Content; problems: readonly TlsFileProblem[] } {
  const content: { -readonly [part in TlsPart]?: Buffer } = {};
  const problems: TlsFileProblem[] = [];
  for (const part of ['ca', 'cert', 'key'] as const) {
    const path = files[part];
    if (path === undefined) continue;
    try {
      const bytes = readBoundedFile(path, MAX_BYTES);
      if (part === 'key') keyIn(bytes);
      else checkCertificates(bytes);
      content[part] = bytes;
    } catch (error) {
      problems.push({ part, problem: error instanceof FileError ? error.message : 'cannot be used' });
    }
  }
  if (problems.length === 0) problems.push(...pairProblems(content));
  return { content, problems };
}

function checkCertificates(bytes: Buffer): void {
  if (!bytes.includes('-----BEGIN ')) throw new FileError('is not PEM');
  if (certificatesIn(bytes).length === 0) throw new FileError('holds no certificate');
}

function certificatesIn(bytes: Buffer | undefined): readonly X509Certificate[] {
  const texts = bytes?.toString('latin1').match(CERTIFICATE) ?? [];
  return texts.map((text) => {
    try {
      return new X509Certificate(text);
    } catch {
      throw new FileError('holds a certificate that is damaged');
    }
  });
}

function keyIn(bytes: Buffer): KeyObject {
  if (!bytes.includes('-----BEGIN ')) throw new FileError('is not PEM');
  const text = bytes.toString('latin1');
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw new FileError('holds no private key');
  if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw new FileError('holds an encrypted key; write it without a passphrase, readable by this process alone');
  }
  try {
    return createPrivateKey(bytes);
  } catch {
    throw new FileError('holds a private key that is damaged');
  }
}

/** Describes a key that belongs to another certificate, and what OpenSSL does not accept. */
function pairProblems(content: Content): readonly TlsFileProblem[] {
  const { cert, key } = content;
  const [leaf] = certificatesIn(cert);
  if (leaf !== undefined && key !== undefined && !leaf.checkPrivateKey(keyIn(key))) {
    return [{ part: 'key', problem: 'holds a key that does not match the certificate' }];
  }
  try {
    createSecureContext(content);
    return [];
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    return [{ part: cert === undefined ? 'ca' : 'cert', problem: `is not accepted by OpenSSL (${code})` }];
  }
}
