import { BSON, type Document } from 'mongodb';

import { TcpProxy, type ConnectionHooks, type ProxiedConnection } from '../../support/tcp-proxy.ts';

const OP_MSG = 2013;
/** Header, flags and the kind of the first section. */
const BODY_AT = 21;

/**
 * A proxy before a database: records a client's commands, answers some itself, and can drop
 * responses.
 */
export class CommandProxy {
  #proxy: TcpProxy | undefined;
  readonly #answers = new Map<string, { readonly answer: Document; readonly when: (command: Document) => boolean }>();
  #dropped: string | undefined;
  #held: ((command: Document) => boolean) | undefined;
  #cut: ((command: Document) => boolean) | undefined;
  readonly #release: (() => void)[] = [];
  /** The commands so far, without the document sequences sent with them. */
  readonly commands: Document[] = [];

  static async before(targetUrl: string): Promise<CommandProxy> {
    const proxy = new CommandProxy();
    proxy.#proxy = await TcpProxy.before(targetUrl, (connection) => proxy.#hooks(connection));
    return proxy;
  }

  get port(): number {
    return this.#tcp.port;
  }

  /** `targetUrl` through this proxy, with these options as its query. */
  url(targetUrl: string, options = ''): string {
    const url = new URL(this.#tcp.url(targetUrl));
    url.search = `${options}&directConnection=true`;
    return url.href;
  }

  get #tcp(): TcpProxy {
    if (this.#proxy === undefined) throw new Error('the proxy has not started');
    return this.#proxy;
  }

  #hooks(connection: ProxiedConnection): ConnectionHooks {
    let rest: Buffer = Buffer.alloc(0);
    let dropsResponses = false;
    return {
      chunk: (direction, bytes) => {
        if (direction === 'down') return dropsResponses ? undefined : bytes;
        const forwarded: Buffer[] = [];
        rest = Buffer.concat([rest, bytes]);
        while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
          const message = rest.subarray(0, rest.readInt32LE(0));
          rest = rest.subarray(message.length);
          const command = this.#record(message);
          if (this.#dropped !== undefined && nameOf(command) === this.#dropped) dropsResponses = true;
          if (!this.#intercept(message, command, connection)) forwarded.push(message);
        }
        return forwarded.length === 0 ? undefined : Buffer.concat(forwarded);
      },
    };
  }

  /** Keeps a command back, or answers it; returns whether it did. */
  #intercept(message: Buffer, command: Document | undefined, { client, server }: ProxiedConnection): boolean {
    if (command === undefined) return false;
    if (this.#held?.(command) === true) {
      this.#release.push(() => void server.write(message));
      return true;
    }
    if (this.#cut?.(command) === true) {
      client.destroy();
      return true;
    }
    const answer = this.#answerTo(message, command);
    if (answer !== undefined) client.write(answer);
    return answer !== undefined;
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

  /** From now on such commands are kept back until `release`. */
  hold(when: (command: Document) => boolean): void {
    this.#held = when;
  }

  /** From now on such a command ends its connection, and is not forwarded. */
  cut(when: (command: Document) => boolean): void {
    this.#cut = when;
  }

  /** How many commands are kept back. */
  get held(): number {
    return this.#release.length;
  }

  /** Forwards the commands that were kept back, and keeps no more. */
  release(): void {
    this.#held = undefined;
    for (const forward of this.#release.splice(0)) forward();
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
    await this.#tcp.close();
  }
}

/** A command's first key is its name. */
function nameOf(command: Document | undefined): string {
  return Object.keys(command ?? {})[0] ?? '';
}
