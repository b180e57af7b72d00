import { setTimeout as pause } from 'node:timers/promises';

import { MongoClient } from 'mongodb';
import { afterEach, expect, test } from 'vitest';

import { ContactsClient, NotFoundError, type ContactsError } from '../../../src/client/index.ts';
import { collectionsOf } from '../../../src/mongo/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { startProcess, type WorkerProcess } from '../../support/worker-process.ts';

const names = freshNames();
const CONTACTS = 500;
/**
 * Each contact is created, changed and read; every second one is deleted, every other one is
 * changed once more.
 */
const CALLS = 4 * CONTACTS;
const CUTS = 10;
const KILLS = 2;
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function runningWorker(): Promise<WorkerProcess> {
  const worker = startProcess(names);
  await expect.poll(() => worker.output()).toContain('consuming requests');
  return worker;
}

/** Calls `at[i]` when so many calls have ended. */
function milestones(at: ReadonlyMap<number, () => void>): () => void {
  let ended = 0;
  return () => {
    ended += 1;
    at.get(ended)?.();
  };
}

test.each([undefined, `${names.queue}.replies`])(
  '2,000 calls over cut connections and killed workers have one effect each, with replyQueue %s',
  async (replyQueue) => {
    const clientId = replyQueue === undefined ? 1 : 2;
    const unhandled: unknown[] = [];
    const remember = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', remember);
    closing.push(() => Promise.resolve(process.off('unhandledRejection', remember)));
    const proxy = await TcpProxy.before(names.amqpUrl);
    closing.push(() => proxy.close());
    let worker = await runningWorker();
    closing.push(async () => {
      worker.signal('SIGTERM');
      await worker.exited;
    });
    const contacts = await ContactsClient.connect({
      url: proxy.url(names.amqpUrl),
      queue: names.queue,
      timeoutMs: 60_000,
      maxInFlight: 100,
      replyQueue,
    });
    closing.push(() => contacts.close());

    let kills = Promise.resolve();
    const kill = async (): Promise<void> => {
      worker.signal('SIGKILL');
      await worker.exited;
      worker = await runningWorker();
    };
    const faults = new Map<number, () => void>();
    for (let cut = 1; cut <= CUTS; cut += 1) faults.set(((cut * CALLS) / (CUTS + 1)) | 0, () => proxy.cut());
    for (let i = 1; i <= KILLS; i += 1)
      faults.set(((i * CALLS) / (KILLS + 1)) | 0, () => void (kills = kills.then(kill)));
    const ended = milestones(faults);
    const counted = async <T>(call: Promise<T>): Promise<T> => call.finally(ended);

    /** What the contact must be in the end; `undefined`: deleted. */
    const expected = new Map<number, { readonly first_name: string; readonly phone: string } | undefined>();
    const live = async (i: number): Promise<void> => {
      const email = `jane.${i}@example.com`;
      const created = await counted(
        contacts.create({ clientId, firstName: `N${i}`, lastName: 'Doe', email, phone: '0' }),
      );
      const { contactId } = created;
      expect(expected.has(contactId)).toBe(false);
      expected.set(contactId, undefined);
      await counted(contacts.update(contactId, { phone: '1' }));
      const read = await counted(contacts.get(contactId));
      expect(read).toMatchObject({ contactId, firstName: `N${i}`, phone: '1' });
      if (i % 2 === 0) {
        await counted(contacts.delete(contactId));
      } else {
        await counted(contacts.update(contactId, { phone: '2' }));
        expected.set(contactId, { first_name: `N${i}`, phone: '2' });
      }
    };
    const lives = await Promise.allSettled(Array.from({ length: CONTACTS }, (_, i) => live(i)));
    await kills;
    expect(lives.filter(({ status }) => status === 'rejected')).toEqual([]);
    const { losses, retried, ...rest } = contacts.stats;
    expect(losses).toBeGreaterThanOrEqual(CUTS);
    expect(retried).toBeGreaterThan(0);
    expect(rest).toMatchObject({ connected: true, inFlight: 0, waiting: 0 });

    const database = new MongoClient(names.mongodbUrl);
    closing.push(() => database.close());
    const stored = await collectionsOf(database.db()).contacts.find({ client_id: clientId }).toArray();
    const kept = new Map(stored.map(({ _id, first_name, phone }) => [_id, { first_name, phone }]));
    expect(stored).toHaveLength(CONTACTS / 2);
    for (const [contactId, contact] of expected) expect(kept.get(contactId)).toEqual(contact);
    const [[gone] = []] = [...expected].filter(([, contact]) => contact === undefined);
    const error: unknown = await contacts.get(gone ?? 0).catch((thrown: ContactsError) => thrown);
    expect(error).toBeInstanceOf(NotFoundError);
    await pause(50);
    expect(unhandled).toEqual([]);
  },
);
