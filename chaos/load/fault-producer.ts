import { randomBytes } from 'node:crypto';
import { connect, type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';

import { amqp10, publishAmqp10 } from '../../test/support/amqp10-publish.ts';
import { codesIn } from '../../test/support/documents.ts';
import { publishRaw } from '../../test/support/raw-publish.ts';
import type { OwnServer } from '../../test/support/servers.ts';
import { FAULT_SENDER, type Action } from '../journal.ts';
import type { Journal } from '../journal-file.ts';
import { poisonRequest, type PoisonMode } from '../poison.ts';
import { deadLetterIds } from '../infrastructure/dead-letters.ts';
import { QUEUE } from '../infrastructure/testbed.ts';

const APP_ID = 'chaos-fault';
const POLL_EVERY_MS = 1_000;
const QUORUM = { 'x-queue-type': 'quorum' };

/** What a request asks for; its method says how it has to settle. */
export interface FaultRequest {
  readonly method: Extract<Action['method'], 'poison' | 'unreadable' | 'unanswerable'>;
  readonly mode: PoisonMode;
  readonly replyTo: string;
}

interface SentRequest {
  readonly id: string;
  readonly method: FaultRequest['method'];
  answers: number;
}

/**
 * Sends the requests that are themselves a fault. It owns reply queues of any kind, consumes them
 * only when told to, and writes to the journal like the senders of the load.
 */
export class FaultProducer {
  readonly #broker: OwnServer;
  readonly #journal: Journal;
  readonly #model: ChannelModel;
  readonly #channel: Channel;
  readonly #confirming: ConfirmChannel;
  readonly #unconsumed: string[] = [];
  readonly #sent = new Map<string, SentRequest>();

  private constructor(
    broker: OwnServer,
    journal: Journal,
    model: ChannelModel,
    channels: { readonly plain: Channel; readonly confirming: ConfirmChannel },
  ) {
    this.#broker = broker;
    this.#journal = journal;
    this.#model = model;
    this.#channel = channels.plain;
    this.#confirming = channels.confirming;
  }

  static async open(broker: OwnServer, journal: Journal): Promise<FaultProducer> {
    const model = await connect(broker.url, { timeout: 5_000 });
    model.on('error', () => undefined);
    const [plain, confirming] = [await model.createChannel(), await model.createConfirmChannel()];
    for (const channel of [plain, confirming]) channel.on('error', () => undefined);
    return new FaultProducer(broker, journal, model, { plain, confirming });
  }

  /** Declares a reply queue that nobody consumes before `consumeReplies`. Returns its name. */
  async replyQueue(options: Readonly<Record<string, unknown>> = QUORUM): Promise<string> {
    const name = `chaos.fault.${randomBytes(4).toString('hex')}`;
    await this.#channel.assertQueue(name, { durable: true, arguments: options });
    this.#unconsumed.push(name);
    return name;
  }

  /** Consumes its reply queues from now on: what arrives counts as answered. */
  async consumeReplies(): Promise<void> {
    for (const queue of this.#unconsumed.splice(0)) {
      await this.#channel.consume(queue, (message) => message !== null && this.#note(message), { noAck: true });
    }
  }

  /** Sends `count` requests, each with the headers; resolves when the broker has confirmed them. */
  async send(request: FaultRequest, count: number, headers: Readonly<Record<string, unknown>> = {}): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const { body, properties } = this.#next(request);
      this.#confirming.sendToQueue(QUEUE, body, { ...properties, headers: { ...headers }, persistent: true });
    }
    await this.#confirming.waitForConfirms();
  }

  /** Sends one request whose header table is these bytes. */
  async sendRaw(request: FaultRequest, headers: Buffer): Promise<void> {
    const { body, properties } = this.#next(request);
    publishRaw(this.#channel, QUEUE, body, { ...properties, headers });
    await this.#channel.checkQueue(QUEUE);
  }

  /**
   * Sends one request over AMQP 1.0, which accepts some values that AMQP 0-9-1 does not; with a
   * field of its type `char` where `charField` names one.
   */
  async sendAmqp10(request: FaultRequest, charField?: string): Promise<void> {
    const { body, properties } = this.#next(request);
    const { messageId, correlationId, replyTo } = properties;
    const applicationProperties = charField === undefined ? {} : { [charField]: amqp10.char('A') };
    await publishAmqp10(this.#broker.url, QUEUE, { messageId, correlationId, replyTo, body, applicationProperties });
  }

  #next({ method, mode, replyTo }: FaultRequest) {
    const id = `fault-${randomBytes(6).toString('hex')}`;
    const at = this.#journal.now();
    this.#journal.add({ type: 'sent', id, sender: FAULT_SENDER, at, action: { method }, confirmed: true });
    this.#sent.set(id, { id, method, answers: 0 });
    const properties = { appId: APP_ID, messageId: id, correlationId: id, replyTo };
    return { body: Buffer.from(poisonRequest(mode, id)), properties };
  }

  /**
   * Consumes the replies until every request has settled. Returns how many have not when the time
   * is up.
   */
  async settled(limitMs: number): Promise<number> {
    await this.consumeReplies();
    for (const until = Date.now() + limitMs; ;) {
      const deadLetters = new Set(await deadLetterIds(this.#broker));
      const left = [...this.#sent.values()].filter(
        (request) => !isSettled(request, deadLetters.has(request.id)),
      ).length;
      if (left === 0 || Date.now() > until) return left;
      await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
    }
  }

  /** The most answers that one request has received. */
  get maxAnswers(): number {
    return Math.max(...[...this.#sent.values()].map(({ answers }) => answers));
  }

  #note({ content, properties }: ConsumeMessage): void {
    const xml = content.toString();
    const id = String(properties.correlationId);
    const status = properties.headers?.['status'] === 'ok' ? 'ok' : 'fail';
    this.#journal.add({ type: 'answered', id, at: this.#journal.now(), status, codes: codesIn(xml), xml });
    const request = this.#sent.get(id);
    if (request !== undefined) request.answers += 1;
  }

  /** Closes the connection. The queues stay for answers that are still on their way. */
  async close(): Promise<void> {
    await this.#model.close().catch(() => undefined);
  }
}

function isSettled({ method, answers }: SentRequest, isDeadLetter: boolean): boolean {
  if (method === 'poison') return answers > 0 && isDeadLetter;
  return isDeadLetter || (method === 'unanswerable' && answers > 0);
}
