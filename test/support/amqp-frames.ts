export const METHOD = 1;
export const CONTENT_HEADER = 2;
export const BODY = 3;
export const FRAME_END = 0xce;

/** A frame of AMQP 0-9-1. */
export function frame(type: number, channel: number, payload: Buffer): Buffer {
  const end = Buffer.from([FRAME_END]);
  return Buffer.concat([Buffer.from([type]), uint16(channel), uint32(payload.length), payload, end]);
}

/** A short string, or any bytes in its place: at most 255. */
export function short(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/**
 * A `basic.ack` of an unknown delivery: the broker closes that channel, and only that one (406).
 */
export function ackOfUnknownDelivery(channel: number): Buffer {
  const [basic, ack] = [60, 80];
  return frame(METHOD, channel, Buffer.concat([uint16(basic), uint16(ack), uint64(4_000_000_000), Buffer.alloc(1)]));
}
