import { connect, type Socket } from 'node:net';

import { within } from '../../../src/time/limit.ts';

/** A message as AMQP 1.0 has it, as far as tests need one. */
export interface Amqp10Message {
  readonly messageId: string;
  readonly replyTo?: string;
  /** A field of the application properties of AMQP's type `char`, which AMQP 0-9-1 does not have. */
  readonly charProperty?: string;
  readonly body: string;
}

const LIMIT_MS = 10_000;
const SASL = '\u0003';
const PLAIN_AMQP = '\0';

/** Codes of the protocol's described types. */
const TYPES = {
  open: 0x10,
  begin: 0x11,
  attach: 0x12,
  flow: 0x13,
  transfer: 0x14,
  disposition: 0x15,
  close: 0x18,
  source: 0x28,
  target: 0x29,
  mechanisms: 0x40,
  init: 0x41,
  outcome: 0x44,
  header: 0x70,
  properties: 0x73,
  application: 0x74,
  data: 0x75,
} as const;

type Type = keyof typeof TYPES;

/**
 * Publishes one message to a queue over AMQP 1.0, with which a producer can say what AMQP 0-9-1 cannot, and resolves
 * when the broker has taken it. Knows of the protocol what this takes and no more.
 */
export async function publishAmqp10(url: string, queue: string, message: Amqp10Message): Promise<void> {
  const { hostname, port, username, password } = new URL(url);
  const socket = connect(Number(port), hostname);
  const peer = new Peer(socket);
  try {
    await within(LIMIT_MS, 'AMQP 1.0', converse(peer, { hostname, username, password, queue }, message));
  } finally {
    socket.destroy();
  }
}

interface Way {
  readonly hostname: string;
  readonly username: string;
  readonly password: string;
  readonly queue: string;
}

async function converse(peer: Peer, way: Way, message: Amqp10Message): Promise<void> {
  await peer.greet(SASL);
  await peer.told('mechanisms');
  const login = binary(Buffer.from(`\0${way.username}\0${way.password}`));
  peer.say(1, described('init', list([symbol('PLAIN'), login])));
  await peer.told('outcome');
  await peer.greet(PLAIN_AMQP);
  peer.say(0, described('open', list([text(message.messageId), text(way.hostname)])));
  await peer.told('open');
  peer.say(0, described('begin', list([NULL, uint(0), uint(100), uint(100)])));
  await peer.told('begin');
  const source = described('source', list([text('here')]));
  const target = described('target', list([text(`/queues/${encodeURIComponent(way.queue)}`)]));
  peer.say(
    0,
    described('attach', list([text('link'), uint(0), FALSE, NULL, NULL, source, target, NULL, NULL, uint(0)])),
  );
  await peer.told('flow');
  const transfer = list([uint(0), uint(0), binary(Buffer.from('tag')), uint(0), FALSE]);
  peer.say(0, Buffer.concat([described('transfer', transfer), encoded(message)]));
  await peer.told('disposition');
}

function encoded({ messageId, replyTo, charProperty, body }: Amqp10Message): Buffer {
  const id = text(messageId);
  const properties = list([id, NULL, NULL, NULL, replyTo === undefined ? NULL : text(replyTo), id]);
  const fields = charProperty === undefined ? [] : [text(charProperty), CHAR_A];
  return Buffer.concat([
    described('header', list([TRUE])),
    described('properties', properties),
    ...(fields.length === 0 ? [] : [described('application', map(fields))]),
    described('data', binary(Buffer.from(body))),
  ]);
}

/** The broker at the other end of a connection. */
class Peer {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /** Says which protocol comes next, and waits for the same. */
  async greet(protocol: string): Promise<void> {
    this.#socket.write(`AMQP${protocol}\u0001\0\0`);
    await this.#take(8);
  }

  say(frameType: 0 | 1, body: Buffer): void {
    const head = Buffer.from([0, 0, 0, 0, 2, frameType, 0, 0]);
    head.writeUInt32BE(head.length + body.length);
    this.#socket.write(Buffer.concat([head, body]));
  }

  /** Waits for a frame of this type; others are of no interest, but an end is. */
  async told(type: Type): Promise<void> {
    for (;;) {
      const head = await this.#take(8);
      const body = await this.#take(head.readUInt32BE(0) - 8);
      if (body[2] === TYPES[type]) return;
      if (body[2] === TYPES.close) throw new Error(`the broker closed the AMQP 1.0 connection: ${body.toString()}`);
    }
  }

  async #take(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) {
      const next = await this.#chunks.next();
      if (next.done === true) throw new Error('the AMQP 1.0 connection is gone');
      this.#bytes = Buffer.concat([this.#bytes, next.value]);
    }
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }
}

const NULL = Buffer.from([0x40]);
const TRUE = Buffer.from([0x41]);
const FALSE = Buffer.from([0x42]);
const CHAR_A = Buffer.from([0x73, 0, 0, 0, 0x41]);

function described(type: Type, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, 0x53, TYPES[type]]), value]);
}

function list(items: readonly Buffer[]): Buffer {
  return compound(0xd0, items);
}

function map(namesAndValues: readonly Buffer[]): Buffer {
  return compound(0xd1, namesAndValues);
}

function compound(code: number, items: readonly Buffer[]): Buffer {
  const content = Buffer.concat(items);
  const head = Buffer.alloc(9);
  head.writeUInt8(code, 0);
  head.writeUInt32BE(4 + content.length, 1);
  head.writeUInt32BE(items.length, 5);
  return Buffer.concat([head, content]);
}

function text(value: string): Buffer {
  return variable(0xb1, Buffer.from(value));
}

function symbol(value: string): Buffer {
  return variable(0xb3, Buffer.from(value));
}

function binary(value: Buffer): Buffer {
  return variable(0xb0, value);
}

function variable(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(code, 0);
  head.writeUInt32BE(value.length, 1);
  return Buffer.concat([head, value]);
}

function uint(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(0x70, 0);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}
