import { BSON, type Document } from 'mongodb';

import { TcpProxy, type ConnectionHooks, type ProxiedConnection } from '../../support/tcp-proxy.ts';

const OP_MSG = 2013;
/** Header, flags and the kind of the first section. */
const BODY_AT = 21;

/**
 * A proxy in front of a database that records every command of a client and can answer in the
 * server's place.
 */
export class WireTap {
  #proxy: TcpProxy | undefined;
  readonly #answers = new Map<string, { readonly answer: Document; readonly when: (command: Document) => boolean }>();
  /** The commands so far, without the documents that are sent beside them. */
  readonly commands: Document[] = [];

  static async before(targetUrl: string): Promise<WireTap> {
    const tap = new WireTap();
    tap.#proxy = await TcpProxy.before(targetUrl, (connection) => tap.#hooks(connection));
    return tap;
  }

  #hooks({ client }: ProxiedConnection): ConnectionHooks {
    let rest: Buffer = Buffer.alloc(0);
    return {
      chunk: (direction, bytes) => {
        if (direction === 'down') return bytes;
        const forwarded: Buffer[] = [];
        rest = Buffer.concat([rest, bytes]);
        while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
          const message = rest.subarray(0, rest.readInt32LE(0));
          rest = rest.subarray(message.length);
          const answer = this.#answerTo(message);
          if (answer === undefined) forwarded.push(message);
          else client.write(answer);
        }
        return forwarded.length === 0 ? undefined : Buffer.concat(forwarded);
      },
    };
  }

  /** Returns `targetUrl` through the proxy, with options in its query. */
  url(targetUrl: string, options = ''): string {
    const url = new URL(this.#proxy?.url(targetUrl) ?? targetUrl);
    url.search = `${options}&directConnection=true`;
    return url.href;
  }

  /** From now on this command gets this answer, where `when` says so, and the server does not see it. */
  answer(command: string, answer: Document, when: (command: Document) => boolean = () => true): void {
    this.#answers.set(command, { answer, when });
  }

  /** Like `answer`, with the server's form of an error. */
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
    await this.#proxy?.close();
  }
}
