import type { ChannelModel, Message } from 'amqplib';

import { HAS_HEADERS, headersAreReadable, headerSpan } from './header-depth.ts';

/** Frame: type, channel (2 bytes), size (4 bytes), payload, end mark. */
const FRAME_START_BYTES = 7;
const SIZE_AT = 3;
const FRAME_END_BYTES = 1;
const CONTENT_HEADER = 2;
/** Payload in front of the properties: class, weight, size of the body, flags. */
const FLAGS_AT = 12;
const PROPERTIES_AT = 14;

/** Far above what clients and the broker's own `x-death` need, far below what a decoder's stack holds. */
const MAX_HEADERS = 64;
/** A nesting costs five bytes at least: what is shorter cannot be too deep, so that the usual request is not looked at. */
const SHORTEST_DEEP = MAX_HEADERS * 5;

/** The properties of messages that could not be read whole, as amqplib hands them out. */
const unreadable = new WeakSet<object>();

/** Whether properties of this message were left out, its headers first of all, as they cannot be read. */
export function isUnreadable(message: Pick<Message, 'properties'>): boolean {
  return unreadable.has(message.properties);
}

/** What is used of amqplib's connection; its types do not show it. */
interface Receiving {
  /** What came and was not read yet. */
  rest: Buffer;
  recvFrame(): { readonly fields?: object } | false;
}

/**
 * Lets a message come through whose properties amqplib cannot decode, or whose headers are nested too deep to be handled
 * safely: without its headers or, where that does not help, without any property, and marked for `isUnreadable`.
 * Left alone, amqplib gives up the whole connection over it, and the broker hands it out again, for ever.
 */
export function deliverUnreadable(model: ChannelModel): void {
  const connection = model.connection as unknown as Receiving;
  const receive = connection.recvFrame.bind(connection);
  connection.recvFrame = () => {
    const { rest } = connection;
    const size = contentHeaderSize(rest);
    // Anything else is decoded without a look. Where a frame is not complete yet, `receive` reads more and calls us again.
    if (size === undefined) return receive();
    if (size <= SHORTEST_DEEP || isSane(payloadOf(rest, size))) {
      try {
        return receive();
      } catch {
        // Its properties are not what AMQP says that they are.
      }
    }
    return receiveRemainder(connection, receive, rest, size);
  };
}

function isSane(payload: Buffer): boolean {
  const span = headerSpan(payload);
  return span === undefined || headersAreReadable(payload, span, MAX_HEADERS);
}

/** Receives what can be read of the content header at the start of `rest`, and marks it. */
function receiveRemainder(
  connection: Receiving,
  receive: Receiving['recvFrame'],
  rest: Buffer,
  size: number,
): ReturnType<Receiving['recvFrame']> {
  const payload = payloadOf(rest, size);
  const start = rest.subarray(0, FRAME_START_BYTES);
  const endMarkAndAfter = rest.subarray(FRAME_START_BYTES + size);
  for (const remainder of [withoutHeaders(payload), withoutProperties(payload)]) {
    connection.rest = Buffer.concat([start, remainder, endMarkAndAfter]);
    connection.rest.writeUInt32BE(remainder.length, SIZE_AT);
    try {
      const frame = receive();
      if (frame !== false && frame.fields !== undefined) unreadable.add(frame.fields);
      return frame;
    } catch {
      // Others of its properties cannot be read either.
    }
  }
  throw new Error('a content header frame cannot be read');
}

/** The size of the payload of the frame at the start, where that is a content header and complete. */
function contentHeaderSize(bytes: Buffer): number | undefined {
  if (bytes[0] !== CONTENT_HEADER || bytes.length < FRAME_START_BYTES) return undefined;
  const size = bytes.readUInt32BE(SIZE_AT);
  const complete = bytes.length >= FRAME_START_BYTES + size + FRAME_END_BYTES;
  return complete && size >= PROPERTIES_AT ? size : undefined;
}

function payloadOf(bytes: Buffer, size: number): Buffer {
  return bytes.subarray(FRAME_START_BYTES, FRAME_START_BYTES + size);
}

function withoutHeaders(payload: Buffer): Buffer {
  const span = headerSpan(payload);
  if (span === undefined) return withoutProperties(payload);
  const remainder = Buffer.concat([payload.subarray(0, span.start), payload.subarray(span.end)]);
  remainder.writeUInt16BE(remainder.readUInt16BE(FLAGS_AT) & ~HAS_HEADERS, FLAGS_AT);
  return remainder;
}

function withoutProperties(payload: Buffer): Buffer {
  const remainder = Buffer.from(payload.subarray(0, PROPERTIES_AT));
  remainder.writeUInt16BE(0, FLAGS_AT);
  return remainder;
}
