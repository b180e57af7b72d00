import type { ChannelModel, Message } from 'amqplib';

import { HEADERS } from '../../protocol/catalogue.ts';

/** All headers of a request that the worker reads. */
export const READ_HEADERS: ReadonlySet<string> = new Set([
  HEADERS.deadline,
  HEADERS.sentBack,
  HEADERS.traceparent,
  HEADERS.tracestate,
  'x-delivery-count',
  'x-acquired-count',
]);

/** Bytes that are kept of a body that is too large: enough to distinguish requests. */
const KEPT_BYTES = 4_096;

/** What a worker that reads at most `maxBytes` receives of a body: its request key is derived from that. */
export function receivedPart(body: Uint8Array, maxBytes: number): { body: Uint8Array; size: number | undefined } {
  if (body.length <= maxBytes) return { body, size: undefined };
  return { body: body.subarray(0, KEPT_BYTES), size: body.length };
}

/** Body sizes of messages whose content is only its start, by the properties that amqplib returns. */
const sizes = new WeakMap<object, number>();
/** The properties of messages that have more headers than amqplib decoded. */
const fewerHeaders = new WeakSet<object>();

/** The size in bytes of a body of which `content` is only the start; else `undefined`. */
export function sizeOf({ properties }: Pick<Message, 'properties'>): number | undefined {
  return sizes.get(properties);
}

/**
 * Whether the worker holds only a part of the message. Only the broker can dead-letter all of it.
 */
export function isAbridged({ properties }: Pick<Message, 'properties'>): boolean {
  return sizes.has(properties) || fewerHeaders.has(properties);
}

export function markFewerHeaders(properties: object): void {
  fewerHeaders.add(properties);
}

/** A frame as amqplib's connection returns it. Its types do not declare it. */
interface Frame {
  readonly channel: number;
  /** Of a content header: the body's size, and the properties. */
  size?: number;
  readonly fields?: object;
  /** Of a body frame. */
  content?: Buffer;
}

/** The members of amqplib's connection that are used here. */
interface Receiving {
  recvFrame(): Frame | false;
}

/** A body that is being received. */
interface Body {
  /** Bytes that amqplib still expects. */
  missing: number;
}

/**
 * Delivers bodies of more than `maxBytes` as soon as their first 4,096 bytes are there, and discards
 * what follows, so that memory does not grow with what producers send. `sizeOf` returns their size.
 * amqplib itself would gather up to PREFETCH bodies, of up to the broker's `max_message_size` each.
 */
export function abridgeBodies(model: ChannelModel, maxBytes: number): void {
  const connection = model.connection as unknown as Receiving;
  const receive = connection.recvFrame.bind(connection);
  const bodies = new Map<number, Body>();
  // amqplib calls the method again, from inside, when it has read more: a frame must not count twice.
  let isInside = false;
  const receiveOnce = (): Frame | false => {
    isInside = true;
    try {
      return receive();
    } finally {
      isInside = false;
    }
  };
  connection.recvFrame = () => {
    if (isInside) return receive();
    for (;;) {
      const frame = receiveOnce();
      if (frame === false) return frame;
      if (frame.content === undefined) {
        // Whatever is no body frame ends a body, finished or not.
        if (bodies.size > 0) bodies.delete(frame.channel);
        if (frame.size !== undefined && frame.size > maxBytes) bodies.set(frame.channel, begin(frame, frame.size));
        return frame;
      }
      const body = bodies.size > 0 ? bodies.get(frame.channel) : undefined;
      if (body === undefined || keepsPart(body, frame, frame.content)) return frame;
    }
  };
}

function begin(header: Frame, size: number): Body {
  if (header.fields !== undefined) sizes.set(header.fields, size);
  header.size = Math.min(KEPT_BYTES, size);
  return { missing: header.size };
}

/** Reduces a body frame to what is kept of it; false where that is nothing. */
function keepsPart(body: Body, frame: Frame, content: Buffer): boolean {
  if (body.missing === 0) return false;
  // A copy: a view would keep all that was received with it.
  frame.content = Buffer.from(content.subarray(0, body.missing));
  body.missing -= frame.content.length;
  return true;
}
