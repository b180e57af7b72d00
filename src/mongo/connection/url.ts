import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

import { MongoClient } from 'mongodb';

import { createClient, DEFAULT_LIMITS } from './client.ts';
import { optionsOf, optionsProblem } from './url-options.ts';

const FORM = 'must be a URL mongodb://HOST:PORT/DATABASE or mongodb+srv://HOST/DATABASE';
const ENCODE = 'in user name and password, @ / ? # : and % are written %40 %2F %3F %23 %3A %25';

/** Login mechanisms whose packages do not come with the worker. */
const MECHANISMS_WITHOUT_PACKAGE: ReadonlySet<string> = new Set(['GSSAPI', 'MONGODB-AWS']);

/**
 * What is wrong with a URL of the database, in words that name options and never values; `undefined` where the driver
 * makes a client of it. The driver itself reads it, so that it cannot refuse later what was taken here.
 */
export function mongodbUrlProblem(url: string): string | undefined {
  if (/[\s\p{Cc}]/u.test(url)) return 'holds a blank or a control character';
  const parts = /^mongodb(?:\+srv)?:\/\/(?<place>[^?]*)(?:\?(?<query>.*))?$/i.exec(url)?.groups;
  if (parts === undefined) return FORM;
  const { place = '', query = '' } = parts;
  if (url.includes('#')) return `holds # where a URL must not; ${ENCODE}`;
  const [base = ''] = url.split('?', 1);
  const options = optionsOf(query);
  const problem =
    refusalOf(base) === undefined
      ? optionsProblem(options, (some) => refusalOf(`${base}?${some.map(({ text }) => text).join('&')}`))
      : placeProblem(place, base.startsWith('mongodb+srv'));
  // Then the ? may be part of a password, and what follows no options.
  if (problem !== undefined && query.includes('@')) return `${FORM}; ${ENCODE}`;
  return problem ?? clientProblem(createClient(url, DEFAULT_LIMITS), place);
}

/** The driver's own words on why no client can be made. They can quote values. */
function refusalOf(url: string): string | undefined {
  try {
    // Alone first: what the worker sets itself hides what is wrong with the same option in the URL.
    new MongoClient(url);
    createClient(url, DEFAULT_LIMITS);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

/** Of a URL without options that the driver refuses: what is wrong in front of them. */
function placeProblem(place: string, srv: boolean): string {
  if (!decodable(place)) return `has a % that begins no escape of UTF-8; ${ENCODE}`;
  const [authority = ''] = place.split('/', 1);
  if (place.includes('@', authority.length)) return `${FORM}; ${ENCODE}`;
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  if (hosts.includes('')) return `names no host; it ${FORM}`;
  const ports = hosts.flatMap((host) => /^(?:\[[^\]]*\]|[^:[\]]*):(?<port>.*)$/.exec(host)?.groups?.['port'] ?? []);
  if (srv && (hosts.length > 1 || ports.length > 0)) {
    return 'must name one host without a port: with mongodb+srv:// DNS tells the others, and the ports';
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

/** Of a client that the driver has made: what it would fail by as soon as it is used. */
function clientProblem({ options }: MongoClient, place: string): string | undefined {
  // Of what stands in front of the options nothing else can hold a slash: the driver has refused that.
  if (!/\/[^]/.test(place)) return 'names no database; put one behind the host, as in mongodb://HOST:PORT/contacts';
  // MongoDB's own rules for a database name, at their strictest (those of Windows servers).
  if (!/^[^/\\. "$*<>:|?%\p{Cc}]+$/u.test(options.dbName) || Buffer.byteLength(options.dbName) > 63) {
    return 'names a database that cannot be: at most 63 bytes, none of / \\ . " $ * < > : | ? % and no blank';
  }
  if (options.hosts.some(({ host }) => host === '')) return `names no host in one place of its list; it ${FORM}`;
  if (options.minPoolSize > options.maxPoolSize) {
    return `option minPoolSize must be at most ${options.maxPoolSize}, the number of connections that the worker opens`;
  }
  const { mechanism = '' } = options.credentials ?? {};
  if (MECHANISMS_WITHOUT_PACKAGE.has(mechanism))
    return 'option authMechanism names one that needs a package which does not come with the worker';
  if (options.compressors?.includes('snappy'))
    return 'option compressors names snappy, which needs a package that does not come with the worker; there are zlib and zstd';
  return tlsProblem(options);
}

const TLS_FILES = { tlsCAFile: 'ca', tlsCRLFile: 'crl', tlsCertificateKeyFile: 'cert' } as const;

/** The driver reads the files only when it connects, and then calls the server away. */
function tlsProblem(options: MongoClient['options']): string | undefined {
  for (const [name, part] of Object.entries(TLS_FILES)) {
    const path = options[name as keyof typeof TLS_FILES];
    if (path === undefined) continue;
    try {
      const content = readFileSync(path);
      const { passphrase } = options;
      createSecureContext(part === 'cert' ? { cert: content, key: content, passphrase } : { [part]: content });
      // OpenSSL takes a list of authorities that has none.
      if (part === 'ca') new X509Certificate(content);
    } catch (error) {
      const read = error instanceof Error && 'syscall' in error;
      return `option ${name} names a file that ${read ? 'cannot be read' : `holds no ${part === 'cert' ? 'certificate with its key, or the option tlsCertificateKeyFilePassword is not right' : 'certificates'}`}`;
    }
  }
  return undefined;
}
