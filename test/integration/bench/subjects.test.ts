import { randomUUID } from 'node:crypto';

import { connect, type ConsumeMessage } from 'amqplib';
import { XMLParser } from 'fast-xml-parser';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { Random } from '../../../chaos/random.ts';
import type { Subject } from '../../../bench/figures.ts';
import {
  createRequest,
  deleteRequest,
  getRequest,
  listRequest,
  updateRequest,
  type BenchRequest,
} from '../../../bench/load/requests.ts';
import { buildPeers, PEERS, type Peer } from '../../../bench/subjects/peers.ts';
import type { Reading } from '../../../bench/subjects/probe.ts';
import { startSubject, type RunningSubject } from '../../../bench/subjects/subject.ts';
import { freshNames, type FreshNames } from '../../support/fresh-names.ts';
import { startWorker } from '../../support/worker.ts';

/** They take minutes and other toolchains. */
const peers: readonly Peer[] = process.env['BENCH_PEERS'] === '1' ? await buildPeers(PEERS) : [];

function custom(type: string, text: string): BenchRequest {
  return { type, body: Buffer.from(text) };
}

const SPECIAL = `<request method="contact.create"><contact><client_id>7</client_id><first_name> Zoë &amp; &lt;Co&gt; </first_name>
  <last_name>O'Neill "X"</last_name><email>zoe@example.com</email></contact></request>`;

/** In this order; contact_ids begin at 1. */
function requests(): readonly BenchRequest[] {
  const random = new Random(1);
  return [
    createRequest(7, 1, random),
    custom('contact.create', SPECIAL),
    createRequest(7, 3, random),
    getRequest(1),
    getRequest(2),
    updateRequest(1, 1, random),
    getRequest(1),
    listRequest(7, 1, 2),
    listRequest(7, 2, 2),
    listRequest(8, 1),
    deleteRequest(3),
    getRequest(3),
    deleteRequest(3),
    updateRequest(3, 1, random),
    custom('contact.get', '<request method="contact.get"><contact_id>x</contact_id></request>'),
    custom(
      'contact.create',
      '<request method="contact.create"><contact><client_id>7</client_id><first_name>A</first_name><last_name>B</last_name></contact></request>',
    ),
    custom('contact.rename', '<request method="contact.rename"/>'),
    // fast-xml-parser reports an end tag without its end, but no missing one.
    custom('contact.get', '<request method="contact.get"><contact_id>1</contact_id'),
    listRequest(7, 1),
  ];
}

/** Of the requests above, until a subject has used some processor time. */
const MAX_REPEATS = 50;

interface Answered {
  readonly document: unknown;
  readonly header: unknown;
  readonly persistent: boolean;
  readonly contentType: unknown;
}

const parser = new XMLParser({
  ignoreAttributes: false,
  preserveOrder: true,
  trimValues: false,
  parseTagValue: false,
});
/** What the worker tells people beside the code, in words of its own; the others have less of it. */
const EXPLANATION = /<message>[^<]*<\/message>|<field>[^<]*<\/field>/g;

function answeredOf({ content, properties }: ConsumeMessage): Answered {
  const { headers, deliveryMode, contentType } = properties as {
    headers?: { status?: unknown };
    deliveryMode?: number;
    contentType?: string;
  };
  const text = content.toString('utf8').replace(/^<\?xml[^>]*\?>\s*/, '');
  return {
    document: parser.parse(text.replaceAll(EXPLANATION, '').replaceAll('&#39;', "'").replaceAll('&#34;', '"')),
    header: headers?.status,
    persistent: deliveryMode === 2,
    contentType,
  };
}

/** Sends the requests one after another; returns their answers. */
async function answersOf({ amqpUrl, queue }: FreshNames, sent = requests()): Promise<readonly Answered[]> {
  const model = await connect(amqpUrl);
  const channel = await model.createChannel();
  const { queue: replyTo } = await channel.assertQueue('', { exclusive: true });
  const waiting = new Map<unknown, (message: ConsumeMessage) => void>();
  await channel.consume(replyTo, (message) => message && waiting.get(message.properties.correlationId)?.(message), {
    noAck: true,
  });
  const answers: Answered[] = [];
  for (const { body, type } of sent) {
    const correlationId = randomUUID();
    const received = new Promise<ConsumeMessage>((resolve) => waiting.set(correlationId, resolve));
    channel.sendToQueue(queue, body, { persistent: true, messageId: correlationId, correlationId, replyTo, type });
    answers.push(answeredOf(await received));
  }
  const { messageCount } = await channel.checkQueue(queue);
  expect(messageCount).toBe(0);
  await model.close();
  return answers;
}

afterEach(() => void vi.unstubAllEnvs());

describe('the benchmark measures workers that answer alike', () => {
  const own = freshNames();
  const workers = answersOfWorker(own);

  test.each<{ subject: 'plain' | Peer; names: FreshNames }>(
    (['plain', ...peers] as const).map((subject) => ({ subject, names: freshNames() })),
  )('$subject', async ({ subject, names }) => {
    const running = await startWith(names, subject);
    await running.reset();
    const answers = await answersOf(names);
    const used = await firstUse(running, names);
    await running.stop();
    const expected = await workers();
    expect(answers).toHaveLength(expected.length);
    for (const [at, answer] of answers.entries()) expect(answer, `request ${at}`).toEqual(expected[at]);
    expect(used.cpuMicros).toBeGreaterThan(0);
    expect(used.peakMiB).toBeGreaterThan(1);
  });

  test('bare, as far as it goes', async () => {
    vi.stubEnv('BENCH_OTHER', 'bench/subjects/bare.ts');
    const names = freshNames();
    const running = await startWith(names, 'other');
    // Creates and gets that succeed.
    const sent = requests().slice(0, 5);
    const answers = await answersOf(names, sent);
    await running.stop();
    expect(answers).toEqual((await workers()).slice(0, sent.length));
  });
});

function startWith({ amqpUrl, mongodbUrl, queue }: FreshNames, subject: Subject): Promise<RunningSubject> {
  return startSubject(subject, { AMQP_URL: amqpUrl, MONGODB_URL: mongodbUrl, REQUEST_QUEUE: queue });
}

/** What a subject has used; /proc counts in steps of 10 ms, and these few requests may cost Go less. */
async function firstUse(running: RunningSubject, names: FreshNames): Promise<Reading> {
  for (let left = MAX_REPEATS; left > 0; left -= 1) {
    const used = await running.read();
    if (used.cpuMicros > 0) return used;
    await answersOf(names);
  }
  return running.read();
}

/** The worker runs once, for the first who asks. */
function answersOfWorker(names: FreshNames): () => Promise<readonly Answered[]> {
  let answers: Promise<readonly Answered[]> | undefined;
  const ask = async (): Promise<readonly Answered[]> => {
    const worker = await startWorker(names);
    try {
      return await answersOf(names);
    } finally {
      await worker.stop();
    }
  };
  return () => (answers ??= ask());
}
