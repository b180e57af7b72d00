import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { within } from '../../time/limit.ts';
import {
  binary,
  described,
  FALSE,
  isTrue,
  NULL,
  numberOf,
  readAmqp10,
  string,
  symbol,
  TRUE,
  uint,
} from './amqp10-values.ts';
import type { Amqp10Value } from './amqp10-values.ts';

const PROTOCOL_SASL = Buffer.from([...Buffer.from('AMQP'), 3, 1, 0, 0]);
const PROTOCOL_AMQP = Buffer.from([...Buffer.from('AMQP'), 0, 1, 0, 0]);
const SASL_FRAME = 1;
const AMQP_FRAME = 0;
const [SASL_MECHANISMS, SASL_INIT, SASL_OUTCOME] = [0x40, 0x41, 0x44];
const [OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, END, CLOSE] = [0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x17, 0x18];
const [SOURCE, TARGET] = [0x28, 0x29];
const OUTCOMES = { accepted: 0x24, released: 0x26 } as const;
const FRAME_BYTES = 8;
const MAX_FRAME = 131_072;
const NO_LIMIT = 0x7fff_ffff;
/** By default the broker closes a connection on which it receives nothing for a minute. */
const HEARTBEAT_MS = 5_000;

/** A performative with its fields, and the payload behind it in the frame. */
interface Frame {
  readonly kind: number;
  readonly fields: readonly Amqp10Value[];
  readonly payload: Buffer;
}

/**
 * Receives messages from one queue as an AMQP 1.0 client. RabbitMQ serves AMQP 1.0 from 4.0 on at
 * the same port, and some types can be received in no other way. Each call has the time limit of
 * the settings.
 */
export class Amqp10Receiver {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #failure: Error | undefined;
  #nextIncoming = 0;
  #deliveryCount = 0;
  #heartbeat: NodeJS.Timeout | undefined;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on('data', (bytes: Buffer) => {
      this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
      this.#wake();
    });
    const fail = (error?: Error): void => {
      this.#failure ??= error ?? new Error('the broker closed the AMQP 1.0 connection');
      this.#wake();
    };
    socket.on('error', fail);
    socket.on('close', () => fail());
  }

  static async open(url: string, queue: string, timeoutMs: number): Promise<Amqp10Receiver> {
    const { protocol, hostname, port, username, password, pathname } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '');
    const secure = protocol === 'amqps:';
    const address = { host, port: Number(port || (secure ? 5671 : 5672)) };
    const socket = secure ? connectTls({ ...address, servername: host }) : connectTcp({ ...address, noDelay: true });
    const receiver = new Amqp10Receiver(socket, timeoutMs);
    try {
      const login = [username || 'guest', password || 'guest'].map(decodeURIComponent);
      const vhost = pathname.length > 1 ? decodeURIComponent(pathname.slice(1)) : '/';
      await receiver.#limited(receiver.#attach(`\0${login.join('\0')}`, vhost, queue));
    } catch (error) {
      socket.destroy();
      throw error;
    }
    receiver.#heartbeat = setInterval(() => receiver.#send(Buffer.alloc(0)), HEARTBEAT_MS);
    return receiver;
  }

  /**
   * Receives up to `count` messages, as many as are ready, and holds them. Calls `onMessage` with
   * each.
   */
  async receive(count: number, onMessage: (deliveryId: number, message: Buffer) => void): Promise<void> {
    const session = [uint(this.#nextIncoming), uint(NO_LIMIT), uint(0), uint(NO_LIMIT)];
    this.#send(described(FLOW, [...session, uint(0), uint(this.#deliveryCount), uint(count), NULL, TRUE]));
    let parts: Buffer[] = [];
    let deliveryId = 0;
    for (let received = 0; received < count;) {
      const { kind, fields, payload } = await this.#limited(this.#frame());
      // The credit is drained: no more messages are ready.
      if (kind === FLOW && numberOf(fields[4]) === 0 && numberOf(fields[6]) === 0) return;
      if (kind !== TRANSFER) continue;
      if (parts.length === 0) deliveryId = numberOf(fields[1]) ?? 0;
      parts.push(payload);
      if (isTrue(fields[5])) continue;
      onMessage(deliveryId, Buffer.concat(parts));
      parts = [];
      received += 1;
    }
  }

  /**
   * Settles `first` to `last`, inclusive. `accepted`: the broker removes them; `released`: they are
   * ready again.
   */
  settle(first: number, last: number, outcome: keyof typeof OUTCOMES): void {
    this.#send(described(DISPOSITION, [TRUE, uint(first), uint(last), TRUE, described(OUTCOMES[outcome], [])]));
  }

  /** Unsettled messages are ready again. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    try {
      this.#send(described(CLOSE, []));
      await this.#limited(this.#frameOf(CLOSE));
    } catch {
      // It is closed already.
    }
    this.#socket.destroy();
  }

  async #attach(login: string, vhost: string, queue: string): Promise<void> {
    this.#socket.write(PROTOCOL_SASL);
    await this.#protocol(PROTOCOL_SASL);
    await this.#frameOf(SASL_MECHANISMS);
    this.#send(described(SASL_INIT, [symbol('PLAIN'), binary(Buffer.from(login))]), SASL_FRAME);
    const outcome = await this.#frameOf(SASL_OUTCOME);
    if (numberOf(outcome.fields[0]) !== 0) throw new Error('the broker refused the user over AMQP 1.0');
    this.#socket.write(PROTOCOL_AMQP);
    await this.#protocol(PROTOCOL_AMQP);
    this.#send(described(OPEN, [string('contacts dead-letters'), string(`vhost:${vhost}`), uint(MAX_FRAME)]));
    await this.#frameOf(OPEN);
    this.#send(described(BEGIN, [NULL, uint(0), uint(NO_LIMIT), uint(NO_LIMIT)]));
    this.#nextIncoming = numberOf((await this.#frameOf(BEGIN)).fields[1]) ?? 0;
    const source = described(SOURCE, [string(`/queues/${encodeURIComponent(queue)}`)]);
    const link = [string('dead-letters'), uint(0), TRUE, NULL, NULL, source, described(TARGET, []), NULL, FALSE];
    this.#send(described(ATTACH, link));
    this.#deliveryCount = numberOf((await this.#frameOf(ATTACH)).fields[9]) ?? 0;
  }

  #limited<T>(call: Promise<T>): Promise<T> {
    return within(this.#timeoutMs, 'the broker (AMQP 1.0)', call);
  }

  async #protocol(expected: Buffer): Promise<void> {
    const received = await this.#bytes(expected.length);
    if (!received.equals(expected)) throw new Error('the broker does not support AMQP 1.0');
  }

  async #frameOf(kind: number): Promise<Frame> {
    for (;;) {
      const frame = await this.#frame();
      if (frame.kind === kind) return frame;
    }
  }

  async #frame(): Promise<Frame> {
    for (;;) {
      const size = (await this.#bytes(4)).readUInt32BE();
      const rest = await this.#bytes(size - 4);
      const start = (rest.readUInt8(0) - 1) * 4;
      // A frame without a performative is a heartbeat.
      if (start >= rest.length) continue;
      const { value, end } = readAmqp10(rest, start);
      const frame = { kind: value.descriptor ?? -1, fields: value.items, payload: rest.subarray(end) };
      if (frame.kind === END) throw new Error('the broker ended the AMQP 1.0 session');
      return frame;
    }
  }

  async #bytes(count: number): Promise<Buffer> {
    while (this.#received.length < count) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const bytes = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return bytes;
  }

  #send(content: Buffer, type = AMQP_FRAME): void {
    const start = Buffer.from([0, 0, 0, 0, 2, type, 0, 0]);
    start.writeUInt32BE(FRAME_BYTES + content.length);
    this.#socket.write(Buffer.concat([start, content]));
  }
}
