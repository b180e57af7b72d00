import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { BODY, CONTENT_HEADER, frame, FRAME_END, METHOD, short, uint16, uint32, uint64 } from './amqp-frames.ts';

/** What the fake does where a real broker would work. */
export interface FakeBehaviour {
  /** The number of messages that it reports for every queue. */
  readonly messageCount: () => number;
  /** Whether it answers the `nth` request (from 1) to open a channel. */
  readonly opensChannel: (nth: number) => boolean;
  /** Frames that follow the `nth` consume-ok (from 1) in the same segment. */
  readonly afterConsume: (nth: number, channel: number, consumerTag: string) => Buffer;
  /** The same for the `nth` channel in confirm mode. */
  readonly afterConfirmSelect: (nth: number, channel: number) => Buffer;
  /** Its answer to the `nth` message, which is the channel's message number `position`. */
  readonly onPublish: (nth: number, channel: number, position: number) => Buffer;
}

const NOTHING = (): Buffer => Buffer.alloc(0);
const DEFAULTS: FakeBehaviour = {
  messageCount: () => 0,
  opensChannel: () => true,
  afterConsume: NOTHING,
  afterConfirmSelect: NOTHING,
  onPublish: NOTHING,
};

const HEARTBEAT = Buffer.from([8, 0, 0, 0, 0, 0, 0, FRAME_END]);
const HEARTBEAT_EVERY_MS = 300;

type Id = readonly [classId: number, methodId: number];
const CONNECTION = { START: [10, 10], TUNE: [10, 30], OPEN_OK: [10, 41], CLOSE: [10, 50], BLOCKED: [10, 60] } as const;
const CHANNEL_CLOSE = [20, 40] as const;
const BASIC = { CONSUME_OK: [60, 21], CANCEL: [60, 30], DELIVER: [60, 60], ACK: [60, 80] } as const;
const CONFIRM_SELECT_OK = [85, 11] as const;

/**
 * A broker that speaks as much AMQP 0-9-1 as a consumer and a publisher need, and does on demand
 * what no real broker can be made to do.
 */
export class FakeBroker {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections, consumers and queue declarations (passive ones included) so far. */
  connections = 0;
  consumers = 0;
  looks = 0;
  /** Requests for channels, channels in confirm mode, and messages, so far. */
  channels = 0;
  confirmChannels = 0;
  published = 0;
  readonly #positions = new Map<number, number>();

  private constructor(behaviour: FakeBehaviour) {
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      const beating = setInterval(() => socket.write(HEARTBEAT), HEARTBEAT_EVERY_MS);
      socket.on('close', () => {
        clearInterval(beating);
        this.#sockets.delete(socket);
      });
      this.#serve(socket, behaviour);
    });
  }

  static async start(behaviour: Partial<FakeBehaviour> = {}): Promise<FakeBroker> {
    const broker = new FakeBroker({ ...DEFAULTS, ...behaviour });
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve));
    return broker;
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sends frames on every connection. */
  send(frames: Buffer): void {
    for (const socket of this.#sockets) socket.write(frames);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket, behaviour: FakeBehaviour): void {
    let came: Buffer = Buffer.alloc(0);
    let greeted = false;
    socket.on('data', (chunk: Buffer) => {
      came = Buffer.concat([came, chunk]);
      if (!greeted && came.length >= 8) {
        greeted = true;
        came = came.subarray(8);
        socket.write(method(0, CONNECTION.START, [0, 9], uint32(0), long('PLAIN'), long('en_US')));
      }
      while (came.length >= 7 && came.length >= came.readUInt32BE(3) + 8) {
        const size = came.readUInt32BE(3);
        const payload = came.subarray(7, 7 + size);
        if (came[0] === METHOD) this.#answer(socket, came.readUInt16BE(1), payload, behaviour);
        came = came.subarray(size + 8);
      }
    });
  }

  #answer(socket: Socket, channel: number, payload: Buffer, behaviour: FakeBehaviour): void {
    const { messageCount, afterConsume } = behaviour;
    const [classId, methodId] = [payload.readUInt16BE(0), payload.readUInt16BE(2)];
    const ok = (...args: Part[]): void => void socket.write(method(channel, [classId, methodId + 1], ...args));
    switch (`${classId}.${methodId}`) {
      case '10.11': // start-ok
        return void socket.write(method(0, CONNECTION.TUNE, uint16(2047), uint32(131_072), uint16(0)));
      case '10.40': // open
        return void socket.write(method(0, CONNECTION.OPEN_OK, short('')));
      case '20.10': // channel.open
        this.channels += 1;
        this.#positions.delete(channel);
        return behaviour.opensChannel(this.channels) ? ok(uint32(0)) : undefined;
      case '40.10': // exchange.declare, passive: there is none
        return void socket.write(method(channel, CHANNEL_CLOSE, uint16(404), short('NOT_FOUND'), uint32(0)));
      case '50.10': // queue.declare
        this.looks += 1;
        return ok(short(textAt(payload, 6)), uint32(messageCount()), uint32(0));
      case '60.20': {
        const queue = textAt(payload, 6);
        const tag = textAt(payload, 7 + Buffer.byteLength(queue));
        this.consumers += 1;
        const extra = afterConsume(this.consumers, channel, tag);
        return void socket.write(Buffer.concat([method(channel, BASIC.CONSUME_OK, short(tag)), extra]));
      }
      case '60.30': // basic.cancel
        return ok(short(textAt(payload, 4)));
      case '10.50': // connection.close
      case '20.40': // channel.close
      case '60.10': // basic.qos
        return ok();
      default:
        return this.#answerPublisher(socket, channel, `${classId}.${methodId}`, behaviour);
    }
  }

  #answerPublisher(socket: Socket, channel: number, asked: string, behaviour: FakeBehaviour): void {
    if (asked === '60.40') {
      this.published += 1;
      const position = (this.#positions.get(channel) ?? 0) + 1;
      this.#positions.set(channel, position);
      socket.write(behaviour.onPublish(this.published, channel, position));
    } else if (asked === '85.10') {
      this.confirmChannels += 1;
      const extra = behaviour.afterConfirmSelect(this.confirmChannels, channel);
      socket.write(Buffer.concat([method(channel, CONFIRM_SELECT_OK), extra]));
    }
    // Nothing else asks for an answer.
  }
}

/** The broker's cancel of a consumer. */
export function cancelOf(channel: number, consumerTag: string): Buffer {
  return method(channel, BASIC.CANCEL, short(consumerTag), [1]);
}

/** Confirms the message with this position on its channel. */
export function confirmOf(channel: number, position: number): Buffer {
  return method(channel, BASIC.ACK, uint64(position), [0]);
}

export function closeOfChannel(channel: number): Buffer {
  return method(channel, CHANNEL_CLOSE, uint16(406), short('PRECONDITION_FAILED'), uint32(0));
}

/** The broker's alarm: it no longer reads from this connection. */
export function blocked(): Buffer {
  return method(0, CONNECTION.BLOCKED, short('low on memory'));
}

export function closeOfConnection(): Buffer {
  return method(0, CONNECTION.CLOSE, uint16(541), short('INTERNAL_ERROR'), uint32(0));
}

/** A delivery whose properties are these bytes (flags and values), unchanged. */
export function deliveryOf(
  channel: number,
  consumerTag: string,
  deliveryTag: number,
  properties: Buffer,
  body: Buffer,
): Buffer {
  const fields: Part[] = [short(consumerTag), uint64(deliveryTag), [0], short(''), short('queue')];
  const header = Buffer.concat([uint16(60), uint16(0), uint64(body.length), properties]);
  return Buffer.concat([
    method(channel, BASIC.DELIVER, ...fields),
    frame(CONTENT_HEADER, channel, header),
    frame(BODY, channel, body),
  ]);
}

type Part = Buffer | readonly number[];

function method(channel: number, [classId, methodId]: Id, ...parts: Part[]): Buffer {
  const fields = parts.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(part)));
  return frame(METHOD, channel, Buffer.concat([uint16(classId), uint16(methodId), ...fields]));
}

function textAt(payload: Buffer, offset: number): string {
  return payload.toString('utf8', offset + 1, offset + 1 + (payload[offset] ?? 0));
}

function long(text: string): Buffer {
  return Buffer.concat([uint32(Buffer.byteLength(text)), Buffer.from(text)]);
}
