// A yardstick of what the libraries take: gets and creates, gathered as the worker gathers them, and
// nothing else. No request keys, no order, no attempts, no deadlines, no metrics, no check of
// well-formedness or fields; an error ends the process. `BENCH_OTHER=bench/subjects/bare.ts` measures it.
import type { Duplex } from 'node:stream';

import { connect, type ConsumeMessage } from 'amqplib';
import { MongoClient } from 'mongodb';
import pino from 'pino';

import { gatherWrites } from '../../src/amqp/connection/gathered-writes.ts';
import { encode } from '../../src/codec/encode.ts';
import { GatheredLines } from '../../src/ops/gathered-lines.ts';
import { ok, type ResponseElement } from '../../src/protocol/response.ts';
import { CLIENT_OPTIONS, PlainContacts, type Stored } from './plain-contacts.ts';
import { readRequest } from './plain-requests.ts';
import { readyUntilStopped, type Properties } from './readiness.ts';

const { AMQP_URL = '', MONGODB_URL = '', REQUEST_QUEUE = '' } = process.env;
const PREFETCH = 256;
/** As the worker: batches of a method at the database, and requests in one. */
const SLOTS = 2;
const MAX_BATCH = 128;
const FIELDS = ['first_name', 'last_name', 'email', 'phone', 'mobile_phone'] as const;
const OK = Object.freeze({ status: 'ok' });

interface Waiting {
  readonly message: ConsumeMessage;
  readonly fields: Readonly<Record<string, string>>;
}

const log = pino(new GatheredLines(pino.destination({ sync: false })));
const client = new MongoClient(MONGODB_URL, CLIENT_OPTIONS);
const contacts = client.db().collection<Stored>('contacts');
const counters = client.db().collection<{ _id: string; next: number }>('counters');
await new PlainContacts(client.db()).prepare();

const consuming = await connect(AMQP_URL, { noDelay: true });
const publishing = await connect(AMQP_URL, { noDelay: true });
for (const { connection } of [consuming, publishing])
  gatherWrites((connection as unknown as { stream: Duplex }).stream);
const requests = await consuming.createChannel();
const replies = await publishing.createConfirmChannel();

async function get(batch: readonly Waiting[]): Promise<void> {
  const ids = batch.map(({ fields }) => Number(fields['contact_id']));
  const found = await contacts.find({ _id: { $in: ids } }, { batchSize: ids.length + 1 }).toArray();
  const byId = new Map(found.map((stored) => [stored._id, stored]));
  batch.forEach(({ message }, at) => {
    const stored = byId.get(ids[at]!)!;
    const content = FIELDS.map((name) => ({ name, content: stored[name] ?? '' }));
    answer(message, [{ name: 'contact', content: [idElement(stored._id), ...content] }]);
  });
}

async function create(batch: readonly Waiting[]): Promise<void> {
  const counter = await counters.findOneAndUpdate({ _id: 'contact' }, { $inc: { next: batch.length } });
  const first = counter!.next;
  const stored = batch.map(({ fields }, at) => ({
    ...fields,
    client_id: Number(fields['client_id']),
    _id: first + at,
  }));
  await contacts.insertMany(stored as unknown as Stored[], { ordered: false });
  batch.forEach(({ message }, at) => answer(message, [idElement(first + at)]));
}

function idElement(id: number): ResponseElement {
  return { name: 'contact_id', content: String(id) };
}

function answer(message: ConsumeMessage, content: readonly ResponseElement[]): void {
  const { replyTo, correlationId, type } = message.properties as Properties;
  const options = { persistent: true, mandatory: true, contentType: 'application/xml', correlationId, headers: OK };
  replies.publish('', replyTo, encode(ok(content)), options, (error: unknown) => {
    if (error !== null) throw error as Error;
    requests.ack(message);
    log.info({ request: correlationId, method: type, status: 'ok' }, 'request');
  });
}

/** Sends the next batch as soon as a slot is free, behind the present burst of deliveries. */
function batched(execute: (batch: readonly Waiting[]) => Promise<void>): (waiting: Waiting) => void {
  const all: Waiting[] = [];
  let free = SLOTS;
  const send = (): void => {
    if (free === 0 || all.length === 0) return;
    free -= 1;
    void execute(all.splice(0, MAX_BATCH)).then(() => {
      free += 1;
      send();
    });
  };
  return (waiting) => {
    if (all.push(waiting) === 1) queueMicrotask(send);
  };
}

const batches: Readonly<Record<string, (waiting: Waiting) => void>> = {
  'contact.get': batched(get),
  'contact.create': batched(create),
};
await requests.assertQueue(REQUEST_QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
await requests.prefetch(PREFETCH);
await requests.consume(REQUEST_QUEUE, (message) => {
  if (message === null) throw new Error('the consumer was cancelled');
  const { method, fields } = readRequest(message.content);
  const submit = batches[method];
  if (submit === undefined) throw new Error(`this subject does not know ${method}`);
  submit({ message, fields });
});
readyUntilStopped(async () => {
  await consuming.close();
  await publishing.close();
  await client.close();
});
