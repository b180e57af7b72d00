import { randomUUID } from 'node:crypto';

import { connect, type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';

import type { Latency } from '../figures.ts';
import { latencyOf } from './latency.ts';
import type { BenchRequest } from './requests.ts';
import type { Source } from './workloads.ts';

/** Requests that a producer sends one after another. */
export interface Stream {
  readonly source: Source;
  /** Requests in flight. */
  readonly inFlight: number;
}

/** The outcome of a stream within the measured time. */
export interface Answered {
  readonly requests: number;
  readonly failed: number;
  readonly seconds: number;
  readonly latency: Latency;
  /** Milliseconds to the answer of each request. */
  readonly times: readonly number[];
  /** Bytes of the last answer. */
  readonly answerBytes: number;
}

/** When to measure, in seconds; the hooks run at the beginning and the end of the measured time. */
export interface Timing {
  readonly warmUp: number;
  readonly measured: number;
  readonly begin?: () => Promise<void>;
  readonly end?: () => Promise<void>;
}

interface Flow {
  readonly stream: Stream;
  readonly times: number[];
  outstanding: number;
  failed: number;
  answerBytes: number;
  exhausted: boolean;
}

interface Sent {
  readonly flow: Flow;
  readonly at: number;
}

const ANSWER_LIMIT_MS = 60_000;

/**
 * Sends requests in closed loops and consumes the answers from a quorum queue, over one connection.
 */
export class Producer {
  readonly #connection: ChannelModel;
  readonly #channel: Channel;
  readonly #replyQueue: string;
  readonly #sent = new Map<string, Sent>();
  #consumerTag = '';
  #onAnswer: (() => void) | undefined;
  #measuring = false;
  #sending = false;
  #emptied: (() => void) | undefined;

  private constructor(connection: ChannelModel, channel: Channel, replyQueue: string) {
    this.#connection = connection;
    this.#channel = channel;
    this.#replyQueue = replyQueue;
  }

  /** Declares the reply queue, or purges an existing one. */
  static async open(amqpUrl: string, replyQueue: string): Promise<Producer> {
    const connection = await connect(amqpUrl, { noDelay: true });
    const channel = await connection.createChannel();
    await channel.assertQueue(replyQueue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.purgeQueue(replyQueue);
    const producer = new Producer(connection, channel, replyQueue);
    const consuming = await channel.consume(replyQueue, (message) => producer.#answered(message), { noAck: true });
    producer.#consumerTag = consuming.consumerTag;
    return producer;
  }

  /** Runs the streams concurrently; returns their outcomes in the same order. */
  async run(queue: string, streams: readonly Stream[], timing: Timing): Promise<readonly Answered[]> {
    const flows = streams.map((stream): Flow => {
      return { stream, times: [], outstanding: 0, failed: 0, answerBytes: 0, exhausted: false };
    });
    this.#sending = true;
    this.#queue = queue;
    for (const flow of flows) for (let i = 0; i < flow.stream.inFlight; i += 1) this.#send(flow);
    await elapsed(timing.warmUp, flows);
    await timing.begin?.();
    this.#measuring = true;
    const from = performance.now();
    await elapsed(timing.measured, flows);
    this.#measuring = false;
    const seconds = (performance.now() - from) / 1000;
    await timing.end?.();
    await this.#finish();
    return flows.map(({ times, failed, answerBytes }) => {
      return { requests: times.length, failed, seconds, latency: latencyOf(times), times, answerBytes };
    });
  }

  #queue = '';

  /** Publishes `count` requests without waiting for answers; the broker has routed them. */
  async enqueue(queue: string, source: Source, count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) {
      const ask = source();
      if (ask === undefined) throw new Error('the source has too few requests');
      if (!this.#publish(queue, randomUUID(), ask))
        await new Promise((resolve) => this.#channel.once('drain', resolve));
    }
    await this.#channel.checkQueue(queue);
  }

  /** Resolves when `count` more answers have arrived. */
  answers(count: number): Promise<void> {
    return new Promise((resolve) => {
      let left = count;
      this.#onAnswer = () => {
        left -= 1;
        if (left === 0) resolve();
      };
    });
  }

  async removeQueue(queue: string): Promise<void> {
    await this.#channel.deleteQueue(queue);
  }

  async close(): Promise<void> {
    await this.#channel.cancel(this.#consumerTag);
    await this.#channel.deleteQueue(this.#replyQueue);
    await this.#connection.close();
  }

  #send(flow: Flow): void {
    const ask = flow.stream.source();
    if (ask === undefined) {
      flow.exhausted = true;
      return;
    }
    const id = randomUUID();
    flow.outstanding += 1;
    this.#sent.set(id, { flow, at: performance.now() });
    this.#publish(this.#queue, id, ask);
  }

  #publish(queue: string, id: string, { type, body, headers }: BenchRequest): boolean {
    return this.#channel.publish('', queue, body, {
      persistent: true,
      contentType: 'application/xml',
      messageId: id,
      correlationId: id,
      replyTo: this.#replyQueue,
      appId: 'bench',
      type,
      ...(headers !== undefined && { headers }),
    });
  }

  #answered(message: ConsumeMessage | null): void {
    if (message === null) throw new Error('the reply queue was deleted');
    this.#onAnswer?.();
    const { correlationId, headers } = message.properties as { correlationId: string; headers?: { status?: string } };
    const sent = this.#sent.get(correlationId);
    if (sent === undefined) return;
    this.#sent.delete(correlationId);
    const { flow, at } = sent;
    flow.outstanding -= 1;
    flow.answerBytes = message.content.length;
    if (this.#measuring) {
      flow.times.push(performance.now() - at);
      if (headers?.status !== 'ok') flow.failed += 1;
    }
    if (this.#sending) this.#send(flow);
    else if (this.#sent.size === 0) this.#emptied?.();
  }

  async #finish(): Promise<void> {
    this.#sending = false;
    if (this.#sent.size === 0) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`${this.#sent.size} requests have no answer`)), ANSWER_LIMIT_MS);
      this.#emptied = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  }
}

/** Resolves after this many seconds, or earlier when a stream has no more requests. */
async function elapsed(seconds: number, flows: readonly Flow[]): Promise<void> {
  const until = performance.now() + seconds * 1000;
  const over = (): true | undefined =>
    performance.now() >= until || flows.some(({ exhausted }) => exhausted) ? true : undefined;
  while (over() === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
}
