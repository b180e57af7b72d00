import type { ChannelModel, Message } from 'amqplib';

import { markFewerHeaders } from './abridged.ts';
import { countValues, HAS_HEADERS, headerSpan, withHeadersNamed } from './header-depth.ts';

/** A frame: type, channel (2 bytes), size (4 bytes), payload, end mark. */
const FRAME_START_BYTES = 7;
const SIZE_AT = 3;
const FRAME_END_BYTES = 1;
const CONTENT_HEADER = 2;
/** Payload before the properties: class, weight, body size, flags. */
const FLAGS_AT = 12;
const PROPERTIES_AT = 14;

/**
 * Maximum nesting of headers: far above what clients and the broker's own `x-death` need, far below what
 * exhausts a decoder's stack.
 */
const MAX_HEADER_DEPTH = 64;
/**
 * Each level takes at least five bytes. Shorter headers cannot be too deep, so that usual requests
 * are not scanned.
 */
const SHORTEST_DEEP = MAX_HEADER_DEPTH * 5;

/** Values in headers beyond which only headers that are asked for are decoded. */
const MAX_VALUES = 256;
/** Bytes of such a header. */
const MAX_ASKED_BYTES = 1_024;

/** The properties, as amqplib returns them, of messages that could be read only in part. */
const unreadable = new WeakSet<object>();

/**
 * Whether some properties of this message, its headers first of all, could not be read and are
 * missing.
 */
export function isUnreadable(message: Pick<Message, 'properties'>): boolean {
  return unreadable.has(message.properties);
}

/** The members of amqplib's connection that are used here. amqplib's types do not declare them. */
interface Receiving {
  /** Bytes that were received and not read yet. */
  rest: Buffer;
  recvFrame(): { readonly fields?: object } | false;
}

/**
 * Delivers messages whose properties amqplib cannot decode, or whose headers are nested too deep to
 * be safe: without the headers or, where that does not help, without any property, and marked for
 * `isUnreadable`. amqplib itself would close the whole connection, and the broker would redeliver
 * the message forever.
 *
 * `names`: headers that are asked for. Of more than 256 values the others are not decoded, as
 * amqplib would take a millisecond for thousands; see `isAbridged`. Absent: all are decoded.
 */
export function deliverUnreadable(model: ChannelModel, names?: ReadonlySet<string>): void {
  const connection = model.connection as unknown as Receiving;
  const receive = connection.recvFrame.bind(connection);
  connection.recvFrame = () => {
    const { rest } = connection;
    const size = contentHeaderSize(rest);
    // Other frames are not inspected. Where a frame is incomplete, `receive` reads more and calls
    // this again.
    if (size === undefined) return receive();
    const whole = payloadOf(rest, size);
    const read = size <= SHORTEST_DEEP ? whole : readablePart(whole, names);
    if (read !== undefined) {
      try {
        if (read === whole) return receive();
        const frame = receiveInstead(connection, receive, rest, size, read);
        if (frame !== false && frame.fields !== undefined) markFewerHeaders(frame.fields);
        return frame;
      } catch {
        // The properties are not encoded as AMQP requires.
      }
    }
    const frame = receiveRemainder(connection, receive, rest, size);
    if (frame !== false && frame.fields !== undefined && isReduced(whole, names)) markFewerHeaders(frame.fields);
    return frame;
  };
}

/** Whether only the headers that are asked for are decoded. The broker can return the others. */
function isReduced(payload: Buffer, names: ReadonlySet<string> | undefined): boolean {
  const span = headerSpan(payload);
  if (names === undefined || span === undefined) return false;
  return (countValues(payload, span, MAX_HEADER_DEPTH) ?? 0) > MAX_VALUES;
}

/** The payload, or one with fewer headers; `undefined` where it cannot be read safely. */
function readablePart(payload: Buffer, names: ReadonlySet<string> | undefined): Buffer | undefined {
  const span = headerSpan(payload);
  if (span === undefined) return payload;
  const count = countValues(payload, span, MAX_HEADER_DEPTH);
  if (count === undefined) return undefined;
  return names === undefined || count <= MAX_VALUES ? payload : withHeadersNamed(payload, span, names, MAX_ASKED_BYTES);
}

/** Receives the content header at the start of `rest` with another payload. */
function receiveInstead(
  connection: Receiving,
  receive: Receiving['recvFrame'],
  rest: Buffer,
  size: number,
  payload: Buffer,
): ReturnType<Receiving['recvFrame']> {
  const start = rest.subarray(0, FRAME_START_BYTES);
  connection.rest = Buffer.concat([start, payload, rest.subarray(FRAME_START_BYTES + size)]);
  connection.rest.writeUInt32BE(payload.length, SIZE_AT);
  return receive();
}

/** Receives the readable part of the content header at the start of `rest`, and marks it. */
function receiveRemainder(
  connection: Receiving,
  receive: Receiving['recvFrame'],
  rest: Buffer,
  size: number,
): ReturnType<Receiving['recvFrame']> {
  const payload = payloadOf(rest, size);
  for (const remainder of [withoutHeaders(payload), withoutProperties(payload)]) {
    try {
      const frame = receiveInstead(connection, receive, rest, size, remainder);
      if (frame !== false && frame.fields !== undefined) unreadable.add(frame.fields);
      return frame;
    } catch {
      // Other properties cannot be read either.
    }
  }
  throw new Error('a content header frame cannot be read');
}

/** The payload size of the frame at the start, if that is a complete content header. */
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
