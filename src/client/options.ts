import { amqpNeedsCertificate, amqpUrlProblem } from '../amqp/connection/url.ts';
import { tlsFilesProblems, type TlsFiles } from '../files/tls-files.ts';
import { deadlineMs } from '../protocol/deadline.ts';
import { invalidArgument } from './errors.ts';
import type { RoutingKeyIn } from './requests.ts';

/** Options of `ContactsClient.connect`. All may be left out. */
export interface ClientOptions {
  /**
   * The broker, `amqp://` or `amqps://`; several of one cluster as a list, or separated by commas.
   * Default: `amqp://guest:guest@127.0.0.1:5672`.
   */
  readonly url?: string | readonly string[] | undefined;
  /**
   * Paths of PEM files for `amqps://`, read for each connection: `ca` (trusted in place of Node's
   * authorities), `cert` and `key`. Default: Node's authorities, no certificate.
   */
  readonly tls?: TlsFiles | undefined;
  /** The worker's request queue. Default: `contacts.requests`. */
  readonly queue?: string | undefined;
  /**
   * The worker's REQUEST_QUEUES: how many queues there are. Above 1, requests are published to the
   * exchange of the name `queue`, by the contact's id. 1 to 64. Default: 1.
   */
  readonly queues?: number | undefined;
  /** Keeps the `messageId`s of several programs apart. Up to 255 bytes of UTF-8. Default: none. */
  readonly appId?: string | undefined;
  /** How long a call may take, in milliseconds: 1 to 2^31−1. Default: 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Requests without an answer, at most; further calls wait. 1 to 65,535. Default: 256. */
  readonly maxInFlight?: number | undefined;
  /**
   * Calls that wait, at most; a further call rejects at once (TOO_MANY_CALLS). 0 to 1,000,000.
   * Default: 10,000.
   */
  readonly maxWaiting?: number | undefined;
  /**
   * A durable queue of this client alone, declared where it is missing, that keeps answers while
   * the client is not connected. Default: direct reply-to.
   */
  readonly replyQueue?: string | undefined;
}

/** Options of one call. All may be left out. */
export interface CallOptions {
  /**
   * The idempotency key: 1 to 255 bytes of UTF-8. Default: a new UUID. Retries within the call keep
   * it.
   */
  readonly messageId?: string | undefined;
  /**
   * Ends the call: it rejects with `signal.reason`. The outcome of a request that was sent is
   * unknown.
   */
  readonly signal?: AbortSignal | undefined;
  /** In place of the client's. Waiting for room and for a connection counts. */
  readonly timeoutMs?: number | undefined;
  /**
   * When the worker must have begun, as a date or in milliseconds since the epoch; past it the call
   * rejects with `ExpiredError`. Default: the end of `timeoutMs`. `null`: none.
   */
  readonly deadline?: Date | number | null | undefined;
}

/** The checked options of a client. */
export interface ClientSettings {
  readonly urls: readonly string[];
  readonly tls: TlsFiles | undefined;
  readonly queue: string;
  readonly queues: number;
  /** Set where there are several queues; it needs an XML parser, which only then is loaded. */
  readonly routingKeyIn?: RoutingKeyIn;
  readonly appId: string | undefined;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly maxWaiting: number;
  readonly replyQueue: string | undefined;
}

const DEFAULT_URL = 'amqp://guest:guest@127.0.0.1:5672';
const DEFAULT_QUEUE = 'contacts.requests';
const MAX_QUEUES = 64;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_IN_FLIGHT = 256;
const DEFAULT_MAX_WAITING = 10_000;

/** A timer's longest time. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const MAX_IN_FLIGHT = 65_535;
const MAX_WAITING = 1_000_000;
/** A short string of AMQP. */
const MAX_TEXT_BYTES = 255;

/** Checks the options and fills in the defaults. Throws `ContactsError` (INVALID_ARGUMENT). */
export function clientSettings(options: ClientOptions = {}): ClientSettings {
  const { url = DEFAULT_URL, queue = DEFAULT_QUEUE, appId, replyQueue, tls } = options;
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxInFlight = DEFAULT_MAX_IN_FLIGHT } = options;
  const { maxWaiting = DEFAULT_MAX_WAITING, queues = 1 } = options;
  return {
    urls: urlsOf(url),
    tls: tlsOf(tls, url),
    queue: shortText('queue', queue),
    queues: wholeNumber('queues', queues, [1, MAX_QUEUES]),
    appId: appId === undefined || appId === '' ? undefined : shortText('appId', appId),
    timeoutMs: wholeNumber('timeoutMs', timeoutMs, [1, MAX_TIMEOUT_MS]),
    maxInFlight: wholeNumber('maxInFlight', maxInFlight, [1, MAX_IN_FLIGHT]),
    maxWaiting: wholeNumber('maxWaiting', maxWaiting, [0, MAX_WAITING]),
    replyQueue: replyQueue === undefined ? undefined : replyQueueOf(replyQueue),
  };
}

function urlsOf(given: string | readonly string[]): readonly string[] {
  const urls = (typeof given === 'string' ? given.split(',') : given).map((url) => url.trim());
  if (urls.length === 0) throw invalidArgument('url names no broker');
  for (const url of urls) {
    const problem = amqpUrlProblem(url);
    if (problem !== undefined) throw invalidArgument(`url ${problem}`);
  }
  return urls;
}

function tlsOf(tls: TlsFiles | undefined, url: NonNullable<ClientOptions['url']>): TlsFiles | undefined {
  if (tls?.cert === undefined && tls?.key === undefined && urlsOf(url).some(amqpNeedsCertificate))
    throw invalidArgument('url makes the certificate the login, which needs tls.cert and tls.key');
  if (tls === undefined) return undefined;
  if (!urlsOf(url).every((each) => /^amqps:/i.test(each)))
    throw invalidArgument('tls is set for a url without amqps://');
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw invalidArgument('tls needs cert and key together');
  const [first] = tlsFilesProblems(tls);
  if (first !== undefined) throw invalidArgument(`tls.${first.part} names a file that ${first.problem}`);
  return tls;
}

/** The broker keeps such names for itself. */
function replyQueueOf(name: string): string {
  if (name.startsWith('amq.')) throw invalidArgument('replyQueue must not start with amq.');
  return shortText('replyQueue', name);
}

/** Returns the text, or throws where AMQP cannot carry it as a short string. */
export function shortText(name: string, text: unknown): string {
  if (typeof text !== 'string' || text === '' || Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    throw invalidArgument(`${name} must be a text of 1 to ${MAX_TEXT_BYTES} bytes`);
  }
  // UTF-8 would replace it, and two different ids would become one.
  if (/\p{Surrogate}/u.test(text)) throw invalidArgument(`${name} must not contain half of a surrogate pair`);
  return text;
}

function wholeNumber(name: string, value: unknown, [least, most]: readonly [number, number]): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidArgument(`${name} must be a whole number from ${least} to ${most}`);
}

/** The time limit of a call in milliseconds. Throws where it is out of range. */
export function timeLimit(given: number | undefined, otherwise: number): number {
  return given === undefined ? otherwise : wholeNumber('timeoutMs', given, [1, MAX_TIMEOUT_MS]);
}

/**
 * The header `deadline` of a call that starts now; `undefined`: none. Throws where it is no time.
 */
export function deadlineOf(given: CallOptions['deadline'], timeoutMs: number): number | undefined {
  if (given === undefined) return Date.now() + timeoutMs;
  if (given === null) return undefined;
  const ms = deadlineMs(Number(given));
  if (ms !== undefined) return ms;
  throw invalidArgument('deadline must be a date or a number of milliseconds since the epoch');
}
