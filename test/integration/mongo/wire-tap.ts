import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { BSON, type Document } from 'mongodb';

const OP_MSG = 2013;
/** Header, flags and the kind of the first section. */
const BODY_AT = 21;

/** Stands before a database, sees every command of a client, and answers in the server's place where it is translateErrors to. */
export class WireTap {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #answers = new Map<string, { readonly answer: Document; readonly when: (command: Document) => boolean }>();
  /** The commands so far, without the documents that are sent beside them. */
  readonly commands: Document[] = [];

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      const upstream = createConnection({ host: target.hostname, port: Number(target.port) });
      let rest: Buffer = Buffer.alloc(0);
      client.on('data', (bytes: Buffer) => {
        rest = Buffer.concat([rest, bytes]);
        while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
          const message = rest.subarray(0, rest.readInt32LE(0));
          rest = rest.subarray(message.length);
          const answer = this.#answerTo(message);
          if (answer === undefined) upstream.write(message);
          else client.write(answer);
        }
      });
      upstream.on('data', (bytes: Buffer) => client.write(bytes));
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

  static async before(targetUrl: string): Promise<WireTap> {
    const tap = new WireTap(new URL(targetUrl));
    await new Promise<void>((resolve) => tap.#server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  /** `targetUrl` by way of this, with options in its query. */
  url(targetUrl: string, options = ''): string {
    const url = new URL(targetUrl);
    url.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    url.search = `${options}&directConnection=true`;
    return url.href;
  }

  /** From now on this command gets this answer, where `when` says so, and the server does not see it. */
  answer(command: string, answer: Document, when: (command: Document) => boolean = () => true): void {
    this.#answers.set(command, { answer, when });
  }

  /** The same with the server's way to refuse. */
  refuse(command: string, code: number, when?: (command: Document) => boolean): void {
    this.answer(command, { ok: 0, code, codeName: 'Refused', errmsg: 'refused by the test' }, when);
  }

  #answerTo(message: Buffer): Buffer | undefined {
    if (message.readInt32LE(12) !== OP_MSG) return undefined;
    const length = message.readInt32LE(BODY_AT);
    const command = BSON.deserialize(message.subarray(BODY_AT, BODY_AT + length));
    this.commands.push(command);
    const [name = ''] = Object.keys(command);
    const planned = this.#answers.get(name);
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
