import type { Channel } from 'amqplib';

import { BODY, CONTENT_HEADER, frame, METHOD, short, uint16, uint32, uint64 } from './amqp-frames.ts';

const BASIC = 60;
const PUBLISH = 40;
/** The bits of the basic properties, in the order in which the values follow. */
const BITS: Readonly<Record<keyof RawProperties, number>> = {
  headers: 13,
  correlationId: 10,
  replyTo: 9,
  messageId: 7,
  appId: 3,
};

/** Properties as bytes that no client library would write. */
export interface RawProperties {
  /** The headers' table without its length field. */
  readonly headers?: Buffer;
  readonly correlationId?: string | Buffer;
  readonly replyTo?: string | Buffer;
  readonly messageId?: string | Buffer;
  readonly appId?: string | Buffer;
}

/** Publishes through the default exchange with properties that are sent unchanged. */
export function publishRaw(channel: Channel, queue: string, body: Buffer, properties: RawProperties): void {
  const { ch, connection } = channel as unknown as Internals;
  const method = Buffer.concat([uint16(BASIC), uint16(PUBLISH), uint16(0), short(''), short(queue), Buffer.from([0])]);
  const frames = [frame(METHOD, ch, method), frame(CONTENT_HEADER, ch, headerOf(body, properties))];
  if (body.length > 0) frames.push(frame(BODY, ch, body));
  connection.channels[ch]?.buffer.write(Buffer.concat(frames));
}

/**
 * Returns a header `name` whose value is a table that contains a table, and so on to this depth.
 */
export function nestedTables(name: string, depth: number): Buffer {
  const inner = Array.from({ length: depth - 1 }, (_, level) => startOfTable('', (depth - 2 - level) * NESTING_BYTES));
  return Buffer.concat([startOfTable(name, inner.length * NESTING_BYTES), ...inner]);
}

/** Size of a nested table with an empty name. */
const NESTING_BYTES = 6;

function startOfTable(name: string, length: number): Buffer {
  return Buffer.concat([short(name), Buffer.from('F'), uint32(length)]);
}

interface Internals {
  readonly ch: number;
  readonly connection: { readonly channels: readonly ({ readonly buffer: { write(bytes: Buffer): void } } | null)[] };
}

function headerOf(body: Buffer, properties: RawProperties): Buffer {
  const { headers, ...texts } = properties;
  const fields = headers === undefined ? [] : [{ bit: BITS.headers, bytes: [uint32(headers.length), headers] }];
  for (const name of ['correlationId', 'replyTo', 'messageId', 'appId'] as const) {
    const text = texts[name];
    if (text !== undefined) fields.push({ bit: BITS[name], bytes: [short(text)] });
  }
  const flags = fields.reduce((sum, { bit }) => sum + 2 ** bit, 0);
  return Buffer.concat([
    uint16(BASIC),
    uint16(0),
    uint64(body.length),
    uint16(flags),
    ...fields.flatMap(({ bytes }) => bytes),
  ]);
}
