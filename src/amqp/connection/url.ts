import { domainToASCII } from 'node:url';

import type { Options } from 'amqplib';

/** Host and login of a broker, in the form that amqplib uses without parsing a URL itself. */
export interface BrokerAddress extends Options.Connect {
  /** SASL EXTERNAL: the certificate is the login, and there is no user name. */
  readonly loginByCertificate?: true;
}

const FORM = 'must be a URL amqp://USER:PASSWORD@HOST:PORT/VHOST or amqps://…';
const ENCODE = 'write such characters in user name, password and virtual host as %40 %2F %3F %23 %3A';
/** The limit of an AMQP short string. */
const MAX_NAME_BYTES = 255;

/** The message completes a sentence that starts with a setting's name, and holds no value. */
class UrlError extends Error {
  override readonly name = 'UrlError';
}

/** What is wrong with a broker's URL, in words that hold no value; `undefined` for a valid URL. */
export function amqpUrlProblem(url: string): string | undefined {
  try {
    brokerAddress(url);
    return undefined;
  } catch (error) {
    if (error instanceof UrlError) return error.message;
    throw error;
  }
}

/** Whether the client's certificate is the login at the broker of a valid URL. */
export function amqpNeedsCertificate(url: string): boolean {
  return brokerAddress(url).loginByCertificate === true;
}

/**
 * Parses a broker's URL. amqplib would decode the escapes of user name and password as Latin-1
 * where RabbitMQ expects UTF-8, and read invalid parameters as NaN. Throws where the URL is
 * invalid.
 */
export function brokerAddress(url: string): BrokerAddress {
  const parts = partsOf(url);
  const vhost = decoded(parts.pathname.slice(1), 'virtual host');
  if (Buffer.byteLength(vhost) > MAX_NAME_BYTES) throw new UrlError('names a virtual host of more than 255 bytes');
  return {
    protocol: parts.protocol.slice(0, -1),
    hostname: hostOf(parts.hostname),
    ...(parts.port !== '' && { port: Number(parts.port) }),
    ...loginOf(parts),
    // amqplib decodes it once more.
    vhost: encodeURIComponent(vhost === '' ? '/' : vhost),
    ...parametersOf(parts.searchParams),
  };
}

function partsOf(text: string): URL {
  // `new URL` would drop or encode such characters silently.
  if (/[\s\p{Cc}]/u.test(text)) throw new UrlError('contains a blank or a control character');
  const written = /^amqps?:\/\/(?<authority>[^/?#]*)(?<behind>.*)$/i.exec(text)?.groups;
  if (written === undefined) throw new UrlError(FORM);
  const { authority = '', behind = '' } = written;
  if (/[@#]/.test(behind)) throw new UrlError(`contains @ or # where a URL must not; ${ENCODE}`);
  checkPlace(authority.slice(authority.lastIndexOf('@') + 1));
  if (!URL.canParse(text)) throw new UrlError(`${FORM}; ${ENCODE}`);
  return new URL(text);
}

/** Checks host and port. */
function checkPlace(place: string): void {
  if (/^(?::|$)/.test(place)) throw new UrlError(`names no host; it ${FORM}`);
  const port = /^(?:\[[^\]]*\]|[^:[]*):(?<port>.*)$/.exec(place)?.groups?.['port'];
  if (port === undefined || (/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) return;
  throw new UrlError('names a port that is not a number from 1 to 65535');
}

/** Without user name and password: RabbitMQ's own default user, or the certificate's. */
function loginOf({ protocol, username, password, searchParams }: URL): Partial<BrokerAddress> {
  if (mechanismOf(searchParams) === 'external') {
    if (protocol !== 'amqps:') throw new UrlError(`has ${EXTERNAL} and no TLS; write amqps://`);
    if (username === '' && password === '') return { loginByCertificate: true };
    throw new UrlError(`has ${EXTERNAL} and a user name or password; the certificate alone is the login`);
  }
  if (username === '' && password === '') return { username: 'guest', password: 'guest' };
  if (username === '') throw new UrlError('has a password and no user name');
  const login = { username: decoded(username, 'user name'), password: decoded(password, 'password') };
  // SASL PLAIN uses it as the separator.
  if (Object.values(login).some((value) => value.includes('\0'))) {
    throw new UrlError('has a user name or password with %00, which no login can contain');
  }
  return login;
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UrlError(`has a % in its ${what} that starts no UTF-8 escape; write % itself as %25`);
  }
}

/**
 * The host as the resolver expects it: without brackets and in ASCII. `new URL` does not convert it
 * for amqp.
 */
function hostOf(written: string): string {
  const host = decoded(written, 'host').replace(/^\[(?<address>.*)\]$/, '$<address>');
  return domainToASCII(host) || host;
}

interface Range {
  readonly least: number;
  readonly most: number;
  /** Whether 0 is valid, for "none" or "no limit". */
  readonly zero: boolean;
}

/**
 * RabbitMQ 4 accepts no frame size below 8192 bytes, though the protocol does. A connection needs
 * at least two channels.
 */
const NUMBERS: Readonly<Record<'frameMax' | 'channelMax' | 'heartbeat' | 'maxFrameSize', Range>> = {
  frameMax: { least: 8_192, most: 4_294_967_295, zero: true },
  channelMax: { least: 2, most: 65_535, zero: true },
  heartbeat: { least: 1, most: 65_535, zero: true },
  maxFrameSize: { least: 8_192, most: 4_294_967_295, zero: true },
};

const MECHANISM = 'auth_mechanism';
const EXTERNAL = `${MECHANISM}=external`;
const KNOWN = [...Object.keys(NUMBERS), 'locale', MECHANISM];

/** The SASL mechanism, under the name that RabbitMQ's other clients give it in a URL. */
function mechanismOf(given: URLSearchParams): 'plain' | 'external' {
  const name = (given.get(MECHANISM) ?? 'plain').toLowerCase();
  if (name === 'plain' || name === 'external') return name;
  throw new UrlError(`has an ${MECHANISM} that is neither plain nor external`);
}

function parametersOf(given: URLSearchParams): Partial<Options.Connect> {
  const parameters: Record<string, string | number> = {};
  for (const [name, value] of given) {
    if (!KNOWN.includes(name)) throw new UrlError(`${shown(name)}; there are ${KNOWN.join(', ')}`);
    if (given.getAll(name).length > 1) throw new UrlError(`has the parameter ${name} more than once`);
    if (name === MECHANISM) continue;
    parameters[name] = name === 'locale' ? locale(value) : number(name as keyof typeof NUMBERS, value);
  }
  const { frameMax = 131_072, maxFrameSize = 0 } = parameters;
  if (maxFrameSize !== 0 && (frameMax === 0 || frameMax > maxFrameSize)) {
    throw new UrlError('has a maxFrameSize below its frameMax: frames that the broker may send could not be read');
  }
  return parameters;
}

/** Repeats only names that look like a parameter's. */
function shown(name: string): string {
  return /^[A-Za-z][\w.-]{0,40}$/.test(name) ? `has a parameter ${name}, which is unknown` : 'has an unknown parameter';
}

function locale(value: string): string {
  if (/^[A-Za-z]{2,8}(?:[_-][A-Za-z\d]{1,8})*$/.test(value)) return value;
  throw new UrlError('has an invalid locale; RabbitMQ supports en_US');
}

function number(name: keyof typeof NUMBERS, value: string): number {
  const { least, most } = NUMBERS[name];
  const read = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (read === 0 || (read >= least && read <= most)) return read;
  throw new UrlError(`has a ${name} that is not 0 or a whole number from ${least} to ${most}`);
}
