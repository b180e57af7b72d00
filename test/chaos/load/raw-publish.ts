import type { Channel, ChannelModel } from 'amqplib';

const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const BASIC = 60;
const PUBLISH = 40;
const PERSISTENT = 2;

/** What a message carries beside its body; texts up to 255 bytes. */
export interface RawProperties {
  /** Fields of the header table, as they lie on the wire, without the table's length. */
  readonly headers?: Buffer;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly messageId?: string;
  readonly appId?: string;
}

/** A field without a name that holds a table, which holds such a field, and so on: 6 bytes for each of them. */
export function nestedTables(depth: number): Buffer {
  const fields = Buffer.alloc(6 * depth);
  for (let level = 0; level < depth; level += 1) {
    fields.write('F', 6 * level + 1, 'latin1');
    fields.writeUInt32BE(6 * (depth - level - 1), 6 * level + 2);
  }
  return fields;
}

/**
 * Publishes a persistent message to a queue past amqplib's encoder, which overflows on what this is for. `channel` must
 * not count confirms, as amqplib does not know of the message; a call on it that is answered tells that the broker has it.
 */
export function publishRaw(
  model: ChannelModel,
  channel: Channel,
  queue: string,
  properties: RawProperties,
  body: Buffer,
): void {
  const { ch } = channel as unknown as { ch: number };
  const { stream } = model.connection as unknown as { stream: { write(bytes: Buffer): void } };
  const method = Buffer.concat([numbers(BASIC, PUBLISH, 0), shortText(''), shortText(queue), Buffer.from([0])]);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length));
  const header = Buffer.concat([numbers(BASIC, 0), size, propertyBytes(properties)]);
  stream.write(Buffer.concat([frame(METHOD, ch, method), frame(HEADER, ch, header), frame(BODY, ch, body)]));
}

/** In the protocol's order, the highest bit for the first of them. */
function propertyBytes({ headers, correlationId, replyTo, messageId, appId }: RawProperties): Buffer {
  const fields: readonly (readonly [bit: number, bytes: Buffer | undefined])[] = [
    [13, headers === undefined ? undefined : table(headers)],
    [12, Buffer.from([PERSISTENT])],
    [10, correlationId === undefined ? undefined : shortText(correlationId)],
    [9, replyTo === undefined ? undefined : shortText(replyTo)],
    [7, messageId === undefined ? undefined : shortText(messageId)],
    [3, appId === undefined ? undefined : shortText(appId)],
  ];
  const there = fields.filter((field): field is [number, Buffer] => field[1] !== undefined);
  const flags = there.reduce((bits, [bit]) => bits | (1 << bit), 0);
  return Buffer.concat([numbers(flags), ...there.map(([, bytes]) => bytes)]);
}

function table(fields: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(fields.length);
  return Buffer.concat([size, fields]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, 2 * at);
  return bytes;
}

function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(7 + payload.length + 1);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt16BE(channel, 1);
  bytes.writeUInt32BE(payload.length, 3);
  payload.copy(bytes, 7);
  bytes.writeUInt8(0xce, bytes.length - 1);
  return bytes;
}
