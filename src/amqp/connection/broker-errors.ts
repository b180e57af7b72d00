import { TlsFilesError } from '../../files/tls-files.ts';
import { networkFailure } from '../../protocol/network-failure.ts';
import { TimeoutError } from '../../time/limit.ts';

/**
 * Every error text and reply code of RabbitMQ and amqplib that the worker depends on. amqplib has
 * few error codes, so that most errors are recognised by their texts.
 */

/** amqplib's errors at opening a connection, and what each means for the URL. */
const OPEN_ERRORS: readonly (readonly [RegExp, string])[] = [
  [
    /^Handshake terminated by server: 403\b[^]*\bmechanism EXTERNAL\b/,
    '403 ACCESS_REFUSED: the broker refuses the login by certificate; it has no user of the name in the certificate, or the user may not connect from this host',
  ],
  [
    /^Handshake terminated by server: 403\b/,
    '403 ACCESS_REFUSED: the broker refuses the login; the user name or password is wrong, or the user may not connect from this host',
  ],
  [
    // No other close answers connection.open. amqplib omits the broker's text.
    /^Expected ConnectionOpenOk; got <ConnectionClose/,
    '530 NOT_ALLOWED: the broker refuses the virtual host; it does not exist, the user has no rights there, or it has too many connections',
  ],
  [/^Handshake terminated by server: 530\b/, '530 NOT_ALLOWED: the broker does not allow the connection'],
  [
    /^Socket closed abruptly during opening handshake/,
    'the other side closed the connection during the AMQP handshake; the port may expect TLS (amqps://) or another protocol',
  ],
  [
    /^SASL mechanism EXTERNAL is not provided/,
    'the broker does not accept a login by certificate; enable its plugin rabbitmq_auth_mechanism_ssl and the mechanism EXTERNAL',
  ],
  [/^SASL mechanism PLAIN is not provided/, 'the broker does not accept a login by user name and password'],
];

/**
 * The connection to a broker could not be opened. The message names the cause and holds no values.
 */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  constructor(cause: unknown) {
    super(openErrorText(cause), { cause });
  }
}

function openErrorText(error: unknown): string {
  if (error instanceof TlsFilesError) return error.message;
  if (error instanceof TimeoutError)
    return 'ETIMEDOUT: the other side does not answer in time; the port may not serve AMQP';
  const network = networkFailure(error);
  if (network !== undefined) return network;
  const message = error instanceof Error ? error.message : '';
  const known = OPEN_ERRORS.find(([pattern]) => pattern.test(message))?.[1];
  if (known !== undefined) return known;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return `the connection to the broker could not be opened${typeof code === 'string' ? ` (${code})` : ''}`;
}

/**
 * Why the broker closed a channel or a connection: its reply code, and its text in amqplib's
 * message.
 */
export interface CloseReason {
  readonly code: number;
  readonly text: string;
}

/**
 * The broker's reason for a close; `undefined` where the broker did not close the channel or
 * connection.
 */
export function closeReasonOf(error: Error): CloseReason | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'number' || !/^(?:Channel closed by server|Connection closed): /.test(error.message))
    return undefined;
  return { code, text: error.message };
}

/**
 * The reply codes that a single message can cause. The number is how many closes must hit the
 * message before it counts as the cause. 541 (a crash inside the broker) may also be the broker's
 * own failure. Missing here: 320 (an operator, or a node that stops), 402 and 530 (the virtual
 * host), and every loss without a code.
 */
const CLOSES_TO_BLAME: ReadonlyMap<number, number> = new Map([
  [311, 2],
  [313, 2],
  [403, 2],
  [404, 2],
  [406, 2],
  [501, 2],
  [502, 2],
  [503, 2],
  [505, 2],
  [540, 2],
  [541, 4],
]);

/**
 * How many closes must hit a message before it counts as their cause; in the last of them it must
 * be the only message in flight. `Infinity` where no message can be the cause.
 */
export function closesToBlame(reason: CloseReason | undefined): number {
  return (reason && CLOSES_TO_BLAME.get(reason.code)) ?? Infinity;
}

/**
 * The largest body in bytes that the broker accepts, where its reason names it; else `Infinity`.
 */
export function maxBodyOf(reason: CloseReason | undefined): number {
  const found = /message size \d+ is larger than configured max size (\d+)/.exec(reason?.text ?? '');
  return found === null ? Infinity : Number(found[1]);
}

/**
 * Whether the broker closed the connection with 541, as it does over a message that AMQP 0-9-1
 * cannot carry.
 */
export function isInternalError(closeText: string): boolean {
  return /\b541\b/.test(closeText);
}

/** Whether the broker refuses an operation for want of rights. */
export function isAccessRefused(error: unknown): boolean {
  return error instanceof Error && /\b403\b.*\bACCESS_REFUSED\b/.test(error.message);
}

/** Whether the broker refuses an operation because its queue or exchange does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === 404;
}

/** Whether the broker does not know the type of a declared exchange. */
export function isUnknownExchangeType(error: unknown): boolean {
  return error instanceof Error && /(?:unknown|invalid) exchange type/.test(error.message);
}

/** Whether the error of a confirm is the broker's nack; else the channel is closing. */
export function isNack(error: unknown): boolean {
  return error instanceof Error && error.message === 'message nacked';
}

/**
 * Whether `publish` threw because the channel is closing; else amqplib cannot encode the message.
 */
export function isChannelClosing(error: unknown): boolean {
  return error instanceof Error && error.name === 'IllegalOperationError';
}

/** An argument in which an existing queue differs from its declaration. */
export interface ArgumentMismatch {
  readonly argument: string;
  readonly ours: string;
  readonly theirs: string;
}

/**
 * The argument that the broker names as it refuses a declaration; `undefined` for any other error.
 */
export function argumentMismatchOf(error: unknown): ArgumentMismatch | undefined {
  const text = error instanceof Error ? error.message : '';
  const found = /inequivalent arg '([^']*)'.*received (.*?) but current is (.*?)"?$/s.exec(text);
  if (found === null) return undefined;
  const [, argument = '', ours = '', theirs = ''] = found;
  return { argument, ours, theirs };
}
