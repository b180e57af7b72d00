import type { Protocol } from './frames.ts';

const FIRST_LETTER = 0x41;
const PROTOCOL_HEADER_BYTES = 8;
const METHOD_FRAME = 1;
const BASIC = 60;
const CONSUME_OK = 21;
const PUBLISH = 40;
const DELIVER = 60;
const ACK = 80;

/**
 * AMQP 0-9-1: frames of type, channel, size, payload and an end mark; the client begins with `AMQP`
 * and a version.
 */
export const amqp: Protocol = {
  lengthOf: (bytes, at) => {
    if (bytes[at] === FIRST_LETTER) return PROTOCOL_HEADER_BYTES;
    return at + 7 > bytes.length ? undefined : 8 + bytes.readUInt32BE(at + 3);
  },
  classifier: () => (direction, frame) => {
    if (frame[0] !== METHOD_FRAME || frame.length < 12 || frame.readUInt16BE(7) !== BASIC) return undefined;
    const method = frame.readUInt16BE(9);
    if (direction === 'down') {
      if (method === CONSUME_OK) return 'consuming';
      if (method === DELIVER) return 'delivery';
      return method === ACK ? 'confirm' : undefined;
    }
    if (method === PUBLISH) return 'answer';
    return method === ACK ? 'settle' : undefined;
  },
};

/** The channel that a frame belongs to. */
export function channelOf(frame: Buffer): number {
  return frame.readUInt16BE(1);
}
