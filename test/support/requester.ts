import { randomUUID } from 'node:crypto';

import { connect, type Channel, type ChannelModel, type ConsumeMessage, type Options } from 'amqplib';

import { answerProblem } from './schema-judge.ts';

/** An answer as received. */
export interface Answer {
  readonly xml: string;
  readonly body: Buffer;
  readonly properties: ConsumeMessage['properties'];
}

/** A producer with its own reply queue, like a client program. */
export class Requester {
  readonly model: ChannelModel;
  readonly channel: Channel;
  readonly replyTo: string;
  readonly #requestQueue: string;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  /** Every answer received, in order, expected or not. */
  readonly answers: Answer[] = [];
  /** Answers that schema/contacts.xsd or docs/api.md forbids. */
  readonly #violations: string[] = [];

  private constructor(model: ChannelModel, channel: Channel, requestQueue: string, replyTo: string) {
    this.model = model;
    this.channel = channel;
    this.#requestQueue = requestQueue;
    this.replyTo = replyTo;
  }

  static async open(amqpUrl: string, requestQueue: string): Promise<Requester> {
    const model = await connect(amqpUrl);
    model.on('error', () => undefined);
    const channel = await model.createChannel();
    channel.on('error', () => undefined);
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const requester = new Requester(model, channel, requestQueue, queue);
    await channel.consume(queue, (message) => message !== null && requester.#receive(message), { noAck: true });
    return requester;
  }

  /** Sends and waits for the answer. The test's own time limit ends the wait. */
  request(xml: string | Buffer, options: Options.Publish = {}): Promise<Answer> {
    const correlationId = randomUUID();
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(correlationId, resolve));
    this.send(xml, { replyTo: this.replyTo, correlationId, ...options });
    return options.correlationId === undefined
      ? answer
      : new Promise((resolve) => this.#waiting.set(String(options.correlationId), resolve));
  }

  send(xml: string | Buffer, options: Options.Publish = {}): void {
    this.channel.sendToQueue(this.#requestQueue, Buffer.from(xml), { persistent: true, ...options });
  }

  /** Rejects where an answer was not as the contract says. */
  async close(): Promise<void> {
    await this.model.close().catch(() => undefined);
    if (this.#violations.length > 0) throw new Error(this.#violations.join('\n'));
  }

  #receive(message: ConsumeMessage): void {
    const answer = { xml: message.content.toString(), body: message.content, properties: message.properties };
    this.answers.push(answer);
    const problem = answerProblem(answer.body, answer.properties);
    if (problem !== undefined) this.#violations.push(`${problem}: ${answer.xml}`);
    const id: unknown = message.properties.correlationId;
    if (typeof id !== 'string') return;
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }
}
