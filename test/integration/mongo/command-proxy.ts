import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { BSON, type Document } from 'mongodb';

const OP_MSG = 2013;
/** Header, flags and the kind of the first section. */
const BODY_AT = 21;

/**
 * A proxy before a database: records a client's commands, answers some itself, and can drop
 * responses.
 */
export class CommandProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #answers = new Map<string, { readonly answer: Document; readonly when: (command: Document) => boolean }>();
  #dropped: string | undefined;
  /** The commands so far, without the document sequences sent with them. */
  readonly commands: Document[] = [];

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      const upstream = createConnection({ host: target.hostname, port: Number(target.port) });
      let rest: Buffer = Buffer.alloc(0);
      let dropsResponses = false;
      client.on('data', (bytes: Buffer) => {
        rest = Buffer.concat([rest, bytes]);
        while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
          const message = rest.subarray(0, rest.readInt32LE(0));
          rest = rest.subarray(message.length);
          const command = this.#record(message);
          if (this.#dropped !== undefined && nameOf(command) === this.#dropped) dropsResponses = true;
          const answer = command && this.#answerTo(message, command);
          if (answer === undefined) upstream.write(message);
          else client.write(answer);
        }
      });
      upstream.on('data', (bytes: Buffer) => {
        if (!dropsResponses) client.write(bytes);
      });
      for (const [socket, peer] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          peer.destroy();
          this.#sockets.delete(socket);
        });
      }
    });
  }

  static async before(targetUrl: string): Promise<CommandProxy> {
    const proxy = new CommandProxy(new URL(targetUrl));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `targetUrl` through this proxy, with these options as its query. */
  url(targetUrl: string, options = ''): string {
    const url = new URL(targetUrl);
    url.host = `127.0.0.1:${this.port}`;
    url.search = `${options}&directConnection=true`;
    return url.href;
  }

  /**
   * From now on the proxy answers this command, if `when` returns true, and does not forward it.
   */
  answer(command: string, answer: Document, when: (command: Document) => boolean = () => true): void {
    this.#answers.set(command, { answer, when });
  }

  /** As `answer`, with a server's error. */
  refuse(command: string, code: number, when?: (command: Document) => boolean): void {
    this.answer(command, { ok: 0, code, codeName: 'Refused', errmsg: 'refused by the test' }, when);
  }

  /**
   * From now on a connection that sends this command gets no more responses: the outcome is
   * unknown.
   */
  dropResponsesTo(command: string): void {
    this.#dropped = command;
  }

  #record(message: Buffer): Document | undefined {
    if (message.readInt32LE(12) !== OP_MSG) return undefined;
    const length = message.readInt32LE(BODY_AT);
    const command = BSON.deserialize(message.subarray(BODY_AT, BODY_AT + length));
    this.commands.push(command);
    return command;
  }

  #answerTo(message: Buffer, command: Document): Buffer | undefined {
    const planned = this.#answers.get(nameOf(command));
    if (planned?.when(command) !== true) return undefined;
    const body = BSON.serialize(planned.answer);
    const reply = Buffer.concat([Buffer.alloc(BODY_AT), body]);
    [reply.length, 1, message.readInt32LE(4), OP_MSG, 0].forEach((value, i) => reply.writeInt32LE(value, 4 * i));
    return reply;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A command's first key is its name. */
function nameOf(command: Document | undefined): string {
  return Object.keys(command ?? {})[0] ?? '';
}
