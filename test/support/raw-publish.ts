import type { Channel } from 'amqplib';

const BASIC = 60;
const PUBLISH = 40;
const HAS_HEADERS = 0x2000;
const HAS_REPLY_TO = 0x0200;
const HAS_CORRELATION_ID = 0x0400;

/** Properties as bytes that no client would write. */
export interface RawProperties {
  /** The headers' table without its length field. */
  readonly headers: Buffer;
  readonly correlationId?: string;
  readonly replyTo?: string;
}

/** Publishes through the default exchange with properties that are sent as they are. */
export function publishRaw(channel: Channel, queue: string, body: Buffer, properties: RawProperties): void {
  const { ch, connection } = channel as unknown as Internals;
  const method = Buffer.concat([uint16(BASIC), uint16(PUBLISH), uint16(0), short(''), short(queue), Buffer.from([0])]);
  const frames = [frame(1, ch, method), frame(2, ch, headerOf(body, properties))];
  if (body.length > 0) frames.push(frame(3, ch, body));
  connection.channels[ch]?.buffer.write(Buffer.concat(frames));
}

/** A header `name` whose value is a table in a table and so on, `depth` of them. */
export function nestedTables(name: string, depth: number): Buffer {
  let table = Buffer.alloc(0);
  for (let level = 1; level < depth; level += 1) table = entry('', table);
  return entry(name, table);
}

function entry(name: string, table: Buffer): Buffer<ArrayBuffer> {
  return Buffer.concat([short(name), Buffer.from('F'), uint32(table.length), table]);
}

interface Internals {
  readonly ch: number;
  readonly connection: { readonly channels: readonly ({ readonly buffer: { write(bytes: Buffer): void } } | null)[] };
}

function headerOf(body: Buffer, { headers, correlationId, replyTo }: RawProperties): Buffer {
  let flags = HAS_HEADERS;
  const fields = [uint32(headers.length), headers];
  if (correlationId !== undefined) {
    flags |= HAS_CORRELATION_ID;
    fields.push(short(correlationId));
  }
  if (replyTo !== undefined) {
    flags |= HAS_REPLY_TO;
    fields.push(short(replyTo));
  }
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length));
  return Buffer.concat([uint16(BASIC), uint16(0), size, uint16(flags), ...fields]);
}

function frame(type: number, channel: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), uint16(channel), uint32(payload.length), payload, Buffer.from([0xce])]);
}

function short(text: string): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
