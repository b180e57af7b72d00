import { randomUUID } from 'node:crypto';

import { connect, type ChannelModel, type ConfirmChannel, type Message, type Options } from 'amqplib';

import { openDeadLetters } from '../../../src/amqp/dead-letter-queue/queue.ts';
import { deadLetterMessage } from '../../../src/amqp/consumer/dead-letter-message.ts';
import { declareTopology } from '../../../src/amqp/connection/topology.ts';
import { decode } from '../../../src/codec/decode.ts';
import { deadLetters } from '../../../src/dead-letters/command.ts';
import type { CommandContext } from '../../../src/dead-letters/context.ts';
import type { DeadLetterQueue } from '../../../src/protocol/dead-letter.ts';
import { createRequest } from '../../support/documents.ts';
import type { FreshNames } from '../../support/fresh-names.ts';

/** The two queues of a test, and a hand in them. */
export class Queues {
  readonly model: ChannelModel;
  readonly channel: ConfirmChannel;
  readonly requests: string;
  readonly dead: string;

  private constructor(model: ChannelModel, channel: ConfirmChannel, requests: string) {
    this.model = model;
    this.channel = channel;
    this.requests = requests;
    this.dead = `${requests}.dead`;
  }

  static async declare({ amqpUrl, queue }: Pick<FreshNames, 'amqpUrl' | 'queue'>): Promise<Queues> {
    const model = await connect(amqpUrl);
    await declareTopology(model, queue);
    return new Queues(model, await model.createConfirmChannel(), queue);
  }

  /** Puts a request into the dead-letter queue as a worker does; gives its reference. */
  async bury(code: string, properties: Options.Publish = {}, body = createRequest()): Promise<string> {
    const reference = this.#publish(code, properties, body);
    await this.channel.waitForConfirms();
    return reference;
  }

  /** Puts `count` letters there, with the message ids `0`, `1` … and every second one of another cause. */
  async buryMany(count: number): Promise<void> {
    for (let nth = 0; nth < count; nth += 1) {
      this.#publish(nth % 2 === 0 ? 'INTERNAL_ERROR' : 'ANSWER_REFUSED', { messageId: String(nth) }, createRequest());
      if (nth % 1_000 === 999) await this.channel.waitForConfirms();
    }
    await this.channel.waitForConfirms();
  }

  #publish(code: string, properties: Options.Publish, body: string): string {
    const referenceId = `m${randomUUID().slice(0, 15)}`;
    const diagnosis = { code, attempts: 5, firstError: 'Error', lastError: 'Error', referenceId };
    const request = { content: Buffer.from(body), fields: {}, properties } as unknown as Message;
    const letter = deadLetterMessage(request, this.dead, diagnosis);
    this.channel.sendToQueue(this.dead, letter.body, letter.options(randomUUID(), 131_072));
    return referenceId;
  }

  /** Letters or requests that are ready in each of the two queues. */
  async depths(): Promise<{ requests: number; dead: number }> {
    const [requests, dead] = await Promise.all([this.requests, this.dead].map((name) => this.channel.checkQueue(name)));
    return { requests: requests!.messageCount, dead: dead!.messageCount };
  }

  /** Takes everything that is ready out of a queue. */
  async drain(queue: string): Promise<Message[]> {
    const { messageCount } = await this.channel.checkQueue(queue);
    const found: Message[] = [];
    if (messageCount === 0) return found;
    const consumerTag = randomUUID();
    await new Promise<void>((resolve, reject) => {
      const take = (message: Message | null): void => {
        if (message !== null) found.push(message);
        if (found.length === messageCount) resolve();
      };
      this.channel.consume(queue, take, { noAck: true, consumerTag }).catch(reject);
    });
    await this.channel.cancel(consumerTag);
    return found;
  }

  async close(): Promise<void> {
    await this.model.close();
  }
}

/** What a run of the command gave. */
export interface Run {
  readonly code: number;
  readonly out: string[];
  readonly err: string[];
}

export function openQueue(names: Pick<FreshNames, 'amqpUrl' | 'queue'>): Promise<DeadLetterQueue> {
  return openDeadLetters({ urls: [names.amqpUrl], timeoutMs: 5_000, heartbeatS: 10 }, names.queue);
}

/** Runs `contacts dead-letters ARGS` in this process; `ask` is the person at the terminal. */
export async function run(
  names: Pick<FreshNames, 'amqpUrl' | 'queue'>,
  args: readonly string[],
  ask?: CommandContext['ask'],
): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await deadLetters(args, {
    requestQueue: names.queue,
    open: () => openQueue(names),
    methodOf: (body) => {
      const decoded = decode(body);
      return decoded.ok ? decoded.request.method : decoded.method;
    },
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    drained: () => Promise.resolve(),
    ask,
  });
  return { code, out, err };
}

/** Lines of `list --json` or `show --json`. */
export function parsed({ out }: Run): Record<string, unknown>[] {
  return out.map((line) => JSON.parse(line) as Record<string, unknown>);
}
