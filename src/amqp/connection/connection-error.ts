import { networkFailure } from '../../protocol/network-failure.ts';

/** How amqplib tells that a connection could not be opened (it gives no codes), and what that means for the URL. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /^Handshake terminated by server: 403\b/,
    '403 ACCESS_REFUSED: the broker refuses the login; user name or password are not right, or the user may not come from here',
  ],
  [
    // The only close that answers connection.open. amqplib does not tell the broker's words.
    /^Expected ConnectionOpenOk; got <ConnectionClose/,
    '530 NOT_ALLOWED: the broker refuses the virtual host; there is none of that name, the user has no rights there, or too many connections',
  ],
  [/^Handshake terminated by server: 530\b/, '530 NOT_ALLOWED: the broker does not allow the connection'],
  [
    /^Socket closed abruptly during opening handshake/,
    'the other side closed the connection during the AMQP handshake; it may want TLS (amqps://) at that port, or not speak AMQP',
  ],
  [/^connect ETIMEDOUT$/, 'ETIMEDOUT: the other side does not answer in time; it may not speak AMQP at that port'],
  [/^SASL mechanism PLAIN is not provided/, 'the broker takes no login by user name and password'],
];

/** A connection to a broker that could not be opened. Its message says what is wrong and holds no values. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  constructor(cause: unknown) {
    super(meaningOf(cause), { cause });
  }
}

function meaningOf(error: unknown): string {
  const network = networkFailure(error);
  if (network !== undefined) return network;
  const message = error instanceof Error ? error.message : '';
  const known = MEANINGS.find(([pattern]) => pattern.test(message))?.[1];
  if (known !== undefined) return known;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return `the connection to the broker could not be opened${typeof code === 'string' ? ` (${code})` : ''}`;
}
