import { randomUUID } from 'node:crypto';

import { connect, type ChannelModel, type ConfirmChannel, type Message, type Options } from 'amqplib';
import { afterAll, afterEach, beforeAll } from 'vitest';

import { openDeadLetters } from '../../../src/amqp/dead-letter-queue/queue.ts';
import { deadLetterMessage } from '../../../src/amqp/consumer/dead-letter-message.ts';
import { declareTopology } from '../../../src/amqp/connection/topology.ts';
import { singleQueue } from '../../../src/protocol/request-queues.ts';
import { decode } from '../../../src/codec/decode.ts';
import { deadLetters } from '../../../src/dead-letters/command.ts';
import type { CommandContext } from '../../../src/dead-letters/context.ts';
import type { DeadLetterReason } from '../../../src/protocol/catalogue.ts';
import type { DeadLetterQueue } from '../../../src/protocol/dead-letter.ts';
import { createRequest } from '../../support/documents.ts';
import type { FreshNames } from '../../support/fresh-names.ts';

type QueueNames = Pick<FreshNames, 'amqpUrl' | 'queue'>;

/** The request queue and the dead-letter queue of a test, and a channel to them. */
export class Queues {
  readonly requests: string;
  readonly dead: string;
  readonly #amqpUrl: string;
  #model: ChannelModel | undefined;
  #channel: ConfirmChannel | undefined;

  private constructor({ amqpUrl, queue }: QueueNames) {
    this.#amqpUrl = amqpUrl;
    this.requests = queue;
    this.dead = `${queue}.dead`;
  }

  static async declare(names: QueueNames): Promise<Queues> {
    const queues = new Queues(names);
    await queues.#open();
    return queues;
  }

  /**
   * Queues for the whole of the calling suite, usable from the first test on and purged after each
   * test.
   */
  static forSuite(names: QueueNames): Queues {
    const queues = new Queues(names);
    beforeAll(() => queues.#open());
    afterEach(async () => {
      await queues.channel.purgeQueue(queues.dead);
      await queues.channel.purgeQueue(queues.requests);
    });
    afterAll(() => queues.close());
    return queues;
  }

  get model(): ChannelModel {
    if (this.#model === undefined) throw new Error('the queues are not declared yet');
    return this.#model;
  }

  get channel(): ConfirmChannel {
    if (this.#channel === undefined) throw new Error('the queues are not declared yet');
    return this.#channel;
  }

  async #open(): Promise<void> {
    this.#model = await connect(this.#amqpUrl);
    await declareTopology(this.#model, singleQueue(this.requests));
    this.#channel = await this.#model.createConfirmChannel();
  }

  /** Deletes the request queue and declares it again as the worker does. */
  async redeclareRequests(): Promise<void> {
    await this.channel.deleteQueue(this.requests);
    await this.close();
    await this.#open();
  }

  /** Publishes a request to the dead-letter queue as a worker does; returns its reference. */
  async bury(code: string, properties: Options.Publish = {}, body = createRequest()): Promise<string> {
    const reference = this.#publish(code, properties, body);
    await this.channel.waitForConfirms();
    return reference;
  }

  /**
   * Publishes `count` letters with the message ids `0`, `1` …; every second one has another cause.
   */
  async buryMany(count: number): Promise<void> {
    for (let nth = 0; nth < count; nth += 1) {
      this.#publish(nth % 2 === 0 ? 'INTERNAL_ERROR' : 'ANSWER_REFUSED', { messageId: String(nth) }, createRequest());
      if (nth % 1_000 === 999) await this.channel.waitForConfirms();
    }
    await this.channel.waitForConfirms();
  }

  #publish(code: string, properties: Options.Publish, body: string): string {
    const referenceId = `m${randomUUID().slice(0, 15)}`;
    // Any code: producers can write every header.
    const errors = { firstError: 'Error', lastError: 'Error' };
    const diagnosis = { code: code as DeadLetterReason, attempts: 5, ...errors, referenceId };
    const request = { content: Buffer.from(body), fields: {}, properties } as unknown as Message;
    const letter = deadLetterMessage(request, this.dead, diagnosis);
    this.channel.sendToQueue(this.dead, letter.body, letter.options(randomUUID(), 131_072));
    return referenceId;
  }

  /** Ready messages in each of the two queues. */
  async depths(): Promise<{ requests: number; dead: number }> {
    const [requests, dead] = await Promise.all([this.requests, this.dead].map((name) => this.channel.checkQueue(name)));
    return { requests: requests!.messageCount, dead: dead!.messageCount };
  }

  /** Consumes and acknowledges every ready message of a queue. */
  async drain(queue: string): Promise<Message[]> {
    const { messageCount } = await this.channel.checkQueue(queue);
    const found: Message[] = [];
    if (messageCount === 0) return found;
    const consumerTag = randomUUID();
    await new Promise<void>((resolve, reject) => {
      const collect = (message: Message | null): void => {
        if (message !== null) found.push(message);
        if (found.length === messageCount) resolve();
      };
      this.channel.consume(queue, collect, { noAck: true, consumerTag }).catch(reject);
    });
    await this.channel.cancel(consumerTag);
    return found;
  }

  /** As `drain`; returns the message ids. */
  async drainIds(queue: string): Promise<string[]> {
    return (await this.drain(queue)).map(({ properties }) => String(properties.messageId));
  }

  async close(): Promise<void> {
    await this.model.close();
  }

  /** Deletes both queues and closes. */
  async remove(): Promise<void> {
    await this.channel.deleteQueue(this.requests);
    await this.channel.deleteQueue(this.dead);
    await this.close();
  }
}

/** Exit code and output of a run of the command. */
export interface Run {
  readonly code: number;
  readonly out: string[];
  readonly err: string[];
}

export function openQueue(names: QueueNames): Promise<DeadLetterQueue> {
  return openDeadLetters({ urls: [names.amqpUrl], timeoutMs: 5_000, heartbeatS: 10 }, names.queue);
}

/**
 * Runs `contacts dead-letters ARGS` in this process; `ask` answers for the person at the terminal.
 */
export async function run(names: QueueNames, args: readonly string[], ask?: CommandContext['ask']): Promise<Run> {
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

/** The parsed lines of `list --json` or `show --json`. */
export function parsed({ out }: Run): Record<string, unknown>[] {
  return out.map((line) => JSON.parse(line) as Record<string, unknown>);
}
