import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { ContactsClient, UnroutableError } from '../../../src/client/index.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { startRightsBroker, type RightsBroker } from '../../support/rights-broker.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';
import { bash, commandsUnder, folderOfContacts } from '../producers/page-commands.ts';

const PAGE = new URL('../../../docs/operations/resharding.md', import.meta.url);
const QUEUE = 'contacts.requests';
const CONTACTS = 8;
const JANE = { clientId: 1, firstName: 'Jane', lastName: 'Doe', email: 'jane@example.org' };
const names = freshNames();
let broker: RightsBroker;

beforeAll(async () => {
  broker = await startRightsBroker();
});

afterAll(() => broker.remove());

async function worker(count: number): Promise<TestWorker> {
  const settings = { AMQP_URL: broker.url('guest'), REQUEST_QUEUE: QUEUE, REQUEST_QUEUES: String(count) };
  const started = await startWorker(names, settings);
  onTestFinished(async () => void (await started.stop()));
  return started;
}

async function client(queues: number): Promise<ContactsClient> {
  const opened = await ContactsClient.connect({ url: broker.url('guest'), queue: QUEUE, queues, timeoutMs: 50_000 });
  onTestFinished(() => opened.close());
  return opened;
}

/** Runs the commands under a heading of the page, as they stand there. */
async function follow(heading: string, from: number, to: number): Promise<void> {
  const env = {
    PATH: `${folderOfContacts()}:${process.env['PATH']}`,
    AMQP_URL: broker.url('guest'),
    API: `${broker.managementUrl}/api`,
    ADMIN: 'guest:guest',
    REQUEST_QUEUE: QUEUE,
    FROM: String(from),
    TO: String(to),
  };
  const { code, out, err } = await bash(commandsUnder(PAGE, heading), { cwd: '/', env, limitMs: 60_000 });
  expect(code, `${heading}\n${out}\n${err}`).toBe(0);
}

/** A producer that sends again what comes back, with the same message_id. */
class Load {
  readonly #client: ContactsClient;
  readonly #ids: readonly number[];
  readonly sent = new Map<number, number>();
  returned = 0;
  readonly disorder: string[] = [];
  /** Contacts that were created, by message_id. */
  readonly created = new Map<string, number>();
  #isOver = false;
  readonly #done: Promise<unknown>;

  constructor(producer: ContactsClient, ids: readonly number[]) {
    this.#client = producer;
    this.#ids = ids;
    this.#done = Promise.all([...this.#ids.map((id) => this.#updates(id)), this.#creates()]);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }

  async #updates(id: number): Promise<void> {
    for (let nth = 1; !this.#isOver; nth += 1) {
      await this.#routed(() => this.#client.update(id, { phone: String(nth) }, { messageId: `update-${id}-${nth}` }));
      this.sent.set(id, nth);
      const { phone } = await this.#routed(() => this.#client.get(id));
      if (phone !== String(nth)) this.disorder.push(`contact ${id} has ${phone} after ${nth}`);
    }
  }

  async #creates(): Promise<void> {
    for (let nth = 1; !this.#isOver; nth += 1) {
      const messageId = `create-${nth}`;
      const { contactId } = await this.#routed(() => this.#client.create(JANE, { messageId }));
      this.created.set(messageId, contactId);
    }
  }

  async #routed<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof UnroutableError)) throw error;
        this.returned += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

async function settled(count: number): Promise<void> {
  const model = await connect(broker.url('guest'));
  const channel = await model.createChannel();
  await expect.poll(async () => (await channel.checkQueue(`${QUEUE}.${count - 1}`)).messageCount).toBe(0);
  await model.close();
}

test('from 2 to 4 queues under load: nothing is lost, doubled or out of order', async () => {
  const old = await worker(2);
  const producer = await client(2);
  const contacts = await Promise.all(Array.from({ length: CONTACTS }, () => producer.create(JANE)));
  const load = new Load(
    producer,
    contacts.map(({ contactId }) => contactId),
  );
  await expect.poll(() => load.created.size).toBeGreaterThan(20);
  await follow('1. Pause the producers', 2, 4);
  await expect.poll(() => load.returned).toBeGreaterThan(0);
  await follow('2. Wait until the queues are empty', 2, 4);
  expect((await old.stop()).drained).toBe(true);
  await follow('4. Look once more', 2, 4);
  await follow('5. Delete the old queues', 2, 4);
  const before = load.created.size;
  await worker(4);
  await expect.poll(() => load.created.size).toBeGreaterThan(before + 20);
  await load.end();
  await settled(4);

  expect(load.disorder).toEqual([]);
  expect(new Set(load.created.values()).size).toBe(load.created.size);
  let stored = 0;
  for await (const _ of producer.listAll()) stored += 1;
  expect(stored).toBe(CONTACTS + load.created.size);
  for (const [id, nth] of load.sent) expect((await producer.get(id)).phone).toBe(String(nth));
  // A repeat that is routed to another queue than the first copy is recognised.
  for (const messageId of ['create-1', 'create-2', 'create-3']) {
    const contactId = load.created.get(messageId);
    expect(await producer.create(JANE, { messageId })).toEqual({ contactId, repeated: true });
  }
});

test('from 4 queues to one, and back to 2: the workers refuse to mix them, and producers are told', async () => {
  const old = await worker(4);
  const producer = await client(4);
  const { contactId } = await producer.create(JANE, { messageId: 'before' });
  await follow('1. Pause the producers', 4, 1);
  await follow('2. Wait until the queues are empty', 4, 1);
  await old.stop();
  await follow('4. Look once more', 4, 1);
  await follow('5. Delete the old queues', 4, 1);
  await follow('From several to one: delete the exchange', 4, 1);
  const single = await worker(1);
  await expect(producer.get(contactId)).rejects.toMatchObject({ code: 'UNROUTABLE' });
  const one = await client(1);
  expect(await one.create(JANE, { messageId: 'before' })).toMatchObject({ contactId, repeated: true });

  await expect(worker(2)).rejects.toThrow(`the queue ${QUEUE} exists, as REQUEST_QUEUES was 1 before; it is 2 now`);
  await follow('2. Wait until the queues are empty', 1, 2);
  await single.stop();
  await follow('From one to several: delete the queue', 1, 2);
  await expect(one.get(contactId)).rejects.toMatchObject({ code: 'UNROUTABLE' });
  await worker(2);
  const two = await client(2);
  expect(await two.create(JANE, { messageId: 'before' })).toMatchObject({ contactId, repeated: true });
});
