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

const APP_ID = 'chaos-producer';
const LOOK_EVERY_MS = 1_000;
const QUORUM = { 'x-queue-type': 'quorum' };

/** What is asked for, and what must come of it. */
export interface FaultRequest {
  readonly method: Extract<Action['method'], 'poison' | 'unreadable' | 'unanswerable'>;
  readonly mode: PoisonMode;
  readonly replyTo: string;
}

/** A request that was sent, until all that must come of it has come. */
interface Open {
  readonly id: string;
  readonly method: FaultRequest['method'];
  answers: number;
}

/**
 * A producer beside the load. It sends what no decent producer sends, and has reply queues of all kinds that it reads when
 * it is told to. It keeps the journal like the others.
 */
export class FaultProducer {
  readonly #broker: OwnServer;
  readonly #journal: Journal;
  readonly #model: ChannelModel;
  readonly #channel: Channel;
  readonly #confirming: ConfirmChannel;
  readonly #unread: string[] = [];
  readonly #sent = new Map<string, Open>();

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

  static async enter(broker: OwnServer, journal: Journal): Promise<FaultProducer> {
    const model = await connect(broker.url, { timeout: 5_000 });
    model.on('error', () => undefined);
    const [plain, confirming] = [await model.createChannel(), await model.createConfirmChannel()];
    for (const channel of [plain, confirming]) channel.on('error', () => undefined);
    return new FaultProducer(broker, journal, model, { plain, confirming });
  }

  /** Makes a reply queue that nobody reads before `listen`. Gives its name. */
  async replyQueue(options: Readonly<Record<string, unknown>> = QUORUM): Promise<string> {
    const name = `chaos.outside.${randomBytes(4).toString('hex')}`;
    await this.#channel.assertQueue(name, { durable: true, arguments: options });
    this.#unread.push(name);
    return name;
  }

  /** Reads its reply queues from now on: what comes in counts as answered. */
  async listen(): Promise<void> {
    for (const queue of this.#unread.splice(0)) {
      await this.#channel.consume(queue, (message) => message !== null && this.#note(message), { noAck: true });
    }
  }

  /** Sends requests of one kind, each with the headers; resolves when the broker has them. */
  async send(request: FaultRequest, count: number, headers: Readonly<Record<string, unknown>> = {}): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const { id, body } = this.#next(request);
      const identity = { appId: APP_ID, messageId: id, correlationId: id, replyTo: request.replyTo };
      this.#confirming.sendToQueue(QUEUE, body, { ...identity, headers: { ...headers }, persistent: true });
    }
    await this.#confirming.waitForConfirms();
  }

  /** Sends one whose header table is these bytes. */
  async sendRaw(request: FaultRequest, headers: Buffer): Promise<void> {
    const { id, body } = this.#next(request);
    const identity = { appId: APP_ID, messageId: id, correlationId: id, replyTo: request.replyTo };
    publishRaw(this.#channel, QUEUE, body, { ...identity, headers });
    await this.#channel.checkQueue(QUEUE);
  }

  /** Sends one over AMQP 1.0, which takes some things that AMQP 0-9-1 does not; with a field of its type `char` where one is named. */
  async sendAmqp10({ method, mode, replyTo }: FaultRequest, charField?: string): Promise<void> {
    const { id, body } = this.#next({ method, mode, replyTo });
    const applicationProperties = charField === undefined ? {} : { [charField]: amqp10.char('A') };
    const message = { messageId: id, correlationId: id, replyTo, body, applicationProperties };
    await publishAmqp10(this.#broker.url, QUEUE, message);
  }

  #next({ method, mode }: FaultRequest): { readonly id: string; readonly body: Buffer } {
    const id = `outside-${randomBytes(6).toString('hex')}`;
    const at = this.#journal.now();
    this.#journal.add({ type: 'sent', id, sender: FAULT_SENDER, at, action: { method }, confirmed: true });
    this.#sent.set(id, { id, method, answers: 0 });
    return { id, body: Buffer.from(poisonRequest(mode, id)) };
  }

  /** Listens until every request has what it must have; gives how many still lack it when the time is up. */
  async settled(limitMs: number): Promise<number> {
    await this.listen();
    for (const until = Date.now() + limitMs; ;) {
      const letters = new Set(await deadLetterIds(this.#broker));
      const left = [...this.#sent.values()].filter((request) => !isSettled(request, letters.has(request.id))).length;
      if (left === 0 || Date.now() > until) return left;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** The most answers that one request got so far. */
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

  /** Its queues stay: an answer that is still on its way finds them. */
  async leave(): Promise<void> {
    await this.#model.close().catch(() => undefined);
  }
}

function isSettled({ method, answers }: Open, isLetter: boolean): boolean {
  if (method === 'poison') return answers > 0 && isLetter;
  return isLetter || (method === 'unanswerable' && answers > 0);
}
