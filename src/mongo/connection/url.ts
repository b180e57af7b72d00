import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

import { MongoClient } from 'mongodb';

import { createClient, DEFAULT_LIMITS } from './client.ts';
import { optionsOf, optionsProblem } from './url-options.ts';

const FORM = 'must be a URL mongodb://HOST:PORT/DATABASE or mongodb+srv://HOST/DATABASE';
const ENCODE = 'in user name and password, @ / ? # : and % are written %40 %2F %3F %23 %3A %25';

/** Login mechanisms that need packages the worker does not include. */
const MECHANISMS_WITHOUT_PACKAGE: ReadonlySet<string> = new Set(['GSSAPI', 'MONGODB-AWS']);

/** The login by the client's certificate. */
const X509 = 'MONGODB-X509';

/**
 * Describes what is wrong with a database URL; names options, never values. `undefined` if the URL
 * is valid. The driver itself parses the URL, so it cannot later reject what passes here.
 */
export function mongodbUrlProblem(url: string): string | undefined {
  if (/[\s\p{Cc}]/u.test(url)) return 'contains a blank or a control character';
  const parts = /^mongodb(?:\+srv)?:\/\/(?<place>[^?]*)(?:\?(?<query>.*))?$/i.exec(url)?.groups;
  if (parts === undefined) return FORM;
  const { place = '', query = '' } = parts;
  if (url.includes('#')) return `contains #, which a URL must escape; ${ENCODE}`;
  const [base = ''] = url.split('?', 1);
  const options = optionsOf(query);
  const problem =
    driverErrorOf(base) === undefined
      ? optionsProblem(options, (some) => driverErrorOf(`${base}?${some.map(({ text }) => text).join('&')}`))
      : placeProblem(place, base.startsWith('mongodb+srv'));
  // The ? may be part of a password, so what follows may not be options.
  if (problem !== undefined && query.includes('@')) return `${FORM}; ${ENCODE}`;
  return problem ?? clientProblem(createClient(url, DEFAULT_LIMITS), place);
}

/** Returns the driver's error for the URL; it can quote values. */
function driverErrorOf(url: string): string | undefined {
  try {
    // First without the worker's options: they would hide errors in the same options of the URL.
    new MongoClient(url);
    createClient(url, DEFAULT_LIMITS);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

/**
 * Describes what is wrong with user, hosts or path of a URL that the driver rejects without
 * options.
 */
function placeProblem(place: string, srv: boolean): string {
  if (!decodable(place)) return `contains a % that begins no escape of UTF-8; ${ENCODE}`;
  const [authority = ''] = place.split('/', 1);
  if (place.includes('@', authority.length)) return `${FORM}; ${ENCODE}`;
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  if (hosts.includes('')) return `names no host; it ${FORM}`;
  const ports = hosts.flatMap((host) => /^(?:\[[^\]]*\]|[^:[\]]*):(?<port>.*)$/.exec(host)?.groups?.['port'] ?? []);
  if (srv && (hosts.length > 1 || ports.length > 0)) {
    return 'must name one host without a port: with mongodb+srv:// DNS supplies the hosts and ports';
  }
  return ports.every(isPort) ? `${FORM}; ${ENCODE}` : 'names a port that is not a number from 1 to 65535';
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function decodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Describes why a client that the driver created would fail at its first use. */
function clientProblem({ options }: MongoClient, place: string): string | undefined {
  // Any other slash before the options would have been rejected by the driver.
  if (!/\/[^]/.test(place)) return 'names no database; add it after the host, as in mongodb://HOST:PORT/contacts';
  // MongoDB's rules for database names, in their strictest form (Windows servers).
  if (!/^[^/\\. "$*<>:|?%\p{Cc}]+$/u.test(options.dbName) || Buffer.byteLength(options.dbName) > 63) {
    return 'has an invalid database name: at most 63 bytes, none of / \\ . " $ * < > : | ? % and no blank';
  }
  if (options.hosts.some(({ host }) => host === '')) return `names no host in one place of its list; it ${FORM}`;
  if (options.minPoolSize > options.maxPoolSize) {
    return `option minPoolSize must be at most ${options.maxPoolSize}, the size of the worker's connection pool`;
  }
  if (options.compressors?.includes('snappy'))
    return 'option compressors names snappy, which needs a package that the worker does not include; use zlib or zstd';
  return loginProblem(options) ?? tlsProblem(options);
}

function loginProblem({ credentials, tls }: MongoClient['options']): string | undefined {
  const mechanism = credentials?.mechanism ?? '';
  if (mechanism === X509 && !tls) return 'option authMechanism makes the certificate the login, which needs tls=true';
  if (MECHANISMS_WITHOUT_PACKAGE.has(mechanism))
    return 'option authMechanism names one that needs a package which the worker does not include';
  return undefined;
}

/**
 * Describes what makes TLS files of settings of their own unusable with a valid URL; `undefined`
 * where they can be used.
 */
export function mongodbTlsProblem(url: string): string | undefined {
  const { options } = createClient(url, DEFAULT_LIMITS);
  if (!options.tls) return 'is set, but MONGODB_URL does not ask for TLS; add tls=true to its options';
  const own = [...Object.keys(TLS_FILES), 'secureContext'].find(
    (name) => options[name as keyof typeof TLS_FILES] !== undefined,
  );
  if (own !== undefined) return `is set, and so is the option ${own} of MONGODB_URL; name the files in one place`;
  if (options.rejectUnauthorized === false || options.checkServerIdentity !== undefined) {
    return 'is set, but an option of MONGODB_URL (tlsInsecure, tlsAllowInvalidCertificates or tlsAllowInvalidHostnames) turns the check of certificates off';
  }
  return undefined;
}

/** Whether a valid URL makes the client's certificate the login, and names no file that holds it. */
export function mongodbNeedsCertificate(url: string): boolean {
  const { credentials, tlsCertificateKeyFile } = createClient(url, DEFAULT_LIMITS).options;
  return credentials?.mechanism === X509 && tlsCertificateKeyFile === undefined;
}

const TLS_FILES = { tlsCAFile: 'ca', tlsCRLFile: 'crl', tlsCertificateKeyFile: 'cert' } as const;

/** The driver reads TLS files only when it connects, and then reports the server as unavailable. */
function tlsProblem(options: MongoClient['options']): string | undefined {
  for (const [name, part] of Object.entries(TLS_FILES)) {
    const path = options[name as keyof typeof TLS_FILES];
    if (path === undefined) continue;
    try {
      const content = readFileSync(path);
      const { passphrase } = options;
      createSecureContext(part === 'cert' ? { cert: content, key: content, passphrase } : { [part]: content });
      // OpenSSL accepts a CA file without certificates.
      if (part === 'ca') new X509Certificate(content);
    } catch (error) {
      const isUnreadable = error instanceof Error && 'syscall' in error;
      return `option ${name} names a file that ${isUnreadable ? 'cannot be read' : `holds no ${part === 'cert' ? 'certificate with its key, or the option tlsCertificateKeyFilePassword is wrong' : 'certificates'}`}`;
    }
  }
  return undefined;
}
