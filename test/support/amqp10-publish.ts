import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

import { uint32 } from './amqp-frames.ts';

/** Encoded AMQP 1.0 values, for types that AMQP 0-9-1 does not have. */
export const amqp10 = {
  char: (character: string): Buffer => Buffer.concat([Buffer.from([0x73]), uint32(character.codePointAt(0) ?? 0)]),
  uuid: (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0x98]), bytes]),
  string: (text: string): Buffer =>
    Buffer.concat([Buffer.from([0xb1]), uint32(Buffer.byteLength(text)), Buffer.from(text)]),
};

interface Amqp10Message {
  readonly body: Buffer;
  readonly messageId?: string;
  readonly replyTo?: string;
  readonly correlationId?: string;
  /** Encoded values by name. */
  readonly applicationProperties: Readonly<Record<string, Buffer>>;
}

const PROTOCOL_SASL = Buffer.from([...Buffer.from('AMQP'), 3, 1, 0, 0]);
const PROTOCOL_AMQP = Buffer.from([...Buffer.from('AMQP'), 0, 1, 0, 0]);
const NULL = Buffer.from([0x40]);
const FALSE = Buffer.from([0x42]);
/** Descriptors of the frames and sections that are written or expected. */
const [SASL_MECHANISMS, SASL_INIT, SASL_OUTCOME] = [0x40, 0x41, 0x44];
const [OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, CLOSE] = [0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x18];
const [SOURCE, TARGET, PROPERTIES, APPLICATION_PROPERTIES, DATA] = [0x28, 0x29, 0x73, 0x74, 0x75];

/**
 * Publishes to a queue as an AMQP 1.0 client; brokers from RabbitMQ 4 on serve it on the same port.
 * Resolves when the broker has the message.
 */
export async function publishAmqp10(amqpUrl: string, queue: string, message: Amqp10Message): Promise<void> {
  const { hostname, port, username, password } = new URL(amqpUrl);
  const socket = createConnection({ host: hostname, port: Number(port || 5672), noDelay: true });
  socket.on('error', () => undefined);
  const peer = new Peer(socket);
  socket.write(PROTOCOL_SASL);
  await peer.bytes(PROTOCOL_SASL.length);
  await peer.frame(SASL_MECHANISMS);
  const login = Buffer.from(`\0${username || 'guest'}\0${password || 'guest'}`);
  socket.write(frame(1, described(SASL_INIT, list([symbol('PLAIN'), binary(login)]))));
  await peer.frame(SASL_OUTCOME);
  socket.write(PROTOCOL_AMQP);
  await peer.bytes(PROTOCOL_AMQP.length);
  const { string } = amqp10;
  socket.write(frame(0, described(OPEN, list([string('test'), string('vhost:/')]))));
  await peer.frame(OPEN);
  socket.write(frame(0, described(BEGIN, list([NULL, uint(0), uint(100), uint(100)]))));
  await peer.frame(BEGIN);
  const target = described(TARGET, list([string(`/queues/${encodeURIComponent(queue)}`)]));
  const link = [string('link'), uint(0), FALSE, NULL, NULL, described(SOURCE, list([])), target, NULL, NULL, uint(0)];
  socket.write(frame(0, described(ATTACH, list(link))));
  await peer.frame(FLOW);
  const delivery = list([uint(0), uint(0), binary(Buffer.from('1')), uint(0), FALSE]);
  socket.write(frame(0, described(TRANSFER, delivery), sectionsOf(message)));
  await peer.frame(DISPOSITION);
  socket.write(frame(0, described(CLOSE, list([]))));
  await peer.frame(CLOSE);
  socket.destroy();
}

function sectionsOf({ body, messageId, replyTo, correlationId, applicationProperties }: Amqp10Message): Buffer {
  const text = (value: string | undefined): Buffer => (value === undefined ? NULL : amqp10.string(value));
  const entries = Object.entries(applicationProperties).flatMap(([name, value]) => [amqp10.string(name), value]);
  return Buffer.concat([
    described(PROPERTIES, list([text(messageId), NULL, NULL, NULL, text(replyTo), text(correlationId)])),
    described(APPLICATION_PROPERTIES, compound(0xd1, entries)),
    described(DATA, binary(body)),
  ]);
}

/** Reads what the broker sends. */
class Peer {
  readonly #socket: Socket;
  readonly #closed: Promise<never>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = once(socket, 'close').then(closed);
    this.#closed.catch(() => undefined);
    socket.on('data', (chunk: Buffer) => (this.#buffer = Buffer.concat([this.#buffer, chunk])));
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#buffer.length < count) {
      await Promise.race([once(this.#socket, 'data'), this.#closed]);
    }
    const read = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return read;
  }

  /** Reads frames up to the one with this descriptor. */
  async frame(descriptor: number): Promise<void> {
    for (;;) {
      const size = (await this.bytes(4)).readUInt32BE();
      const rest = await this.bytes(size - 4);
      if (rest[6] === descriptor) return;
      if (rest[6] === CLOSE) throw new Error(`the broker closed: ${rest.toString('latin1')}`);
    }
  }
}

function closed(): never {
  throw new Error('the broker closed the connection');
}

function frame(type: number, performative: Buffer, payload: Buffer = Buffer.alloc(0)): Buffer {
  const size = uint32(8 + performative.length + payload.length);
  return Buffer.concat([size, Buffer.from([2, type, 0, 0]), performative, payload]);
}

function described(descriptor: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, 0x53, descriptor]), value]);
}

function list(fields: readonly Buffer[]): Buffer {
  return compound(0xd0, fields);
}

function compound(constructor: number, fields: readonly Buffer[]): Buffer {
  const content = Buffer.concat([uint32(fields.length), ...fields]);
  return Buffer.concat([Buffer.from([constructor]), uint32(content.length), content]);
}

function uint(value: number): Buffer {
  return Buffer.concat([Buffer.from([0x70]), uint32(value)]);
}

function symbol(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xb3]), uint32(Buffer.byteLength(text)), Buffer.from(text)]);
}

function binary(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xb0]), uint32(bytes.length), bytes]);
}
