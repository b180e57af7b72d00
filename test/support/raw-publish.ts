/** AMQP's short strings as bytes: what a client library would not send. */
export interface RawIds {
  readonly correlationId?: Buffer;
  readonly replyTo?: Buffer;
  readonly messageId?: Buffer;
  readonly appId?: Buffer;
}

const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const BASIC = 60;
const PUBLISH = 40;

/** The frames that publish a small message to a queue through the default exchange, its ids as the bytes they are. */
export function rawPublish(channel: number, queue: string, body: Buffer, ids: RawIds): Buffer {
  const method = [
    short(BASIC),
    short(PUBLISH),
    short(0),
    shortString(Buffer.alloc(0)),
    shortString(Buffer.from(queue)),
  ];
  // The bits of basic's properties, in the order in which the properties follow.
  const properties = (
    [
      [10, ids.correlationId],
      [9, ids.replyTo],
      [7, ids.messageId],
      [3, ids.appId],
    ] as const
  ).flatMap(([bit, value]) => (value === undefined ? [] : [{ bit, value }]));
  const flags = properties.reduce((sum, { bit }) => sum + 2 ** bit, 0);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length));
  const header = [short(BASIC), short(0), size, short(flags), ...properties.map(({ value }) => shortString(value))];
  return Buffer.concat([
    frame(METHOD, channel, [...method, Buffer.from([0])]),
    frame(HEADER, channel, header),
    frame(BODY, channel, [body]),
  ]);
}

function frame(type: number, channel: number, parts: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(parts);
  const head = Buffer.alloc(7);
  head.writeUInt8(type);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function shortString(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([value.length]), value]);
}
