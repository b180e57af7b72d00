import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { ContactsClient } from '../../../src/client/index.ts';
import { clients } from '../../support/contacts-client.ts';
import { freshNames, type FreshNames } from '../../support/fresh-names.ts';
import { startBroker, type OwnServer } from '../../support/servers.ts';
import { waitFor } from '../../../infrastructure/progress.ts';
import { startProcess, type WorkerProcess } from '../../support/worker-process.ts';

const shared = freshNames();
const { queue } = shared;
const connected = clients({ queue, timeoutMs: 60_000 });
/** Of the tests that restart the broker or run its command line, several times. */
const SLOW = { timeout: 120_000 };
const jane = { firstName: 'Jane', lastName: 'Doe', email: 'jane@example.com' };

let broker: OwnServer;
let names: FreshNames;
let worker: WorkerProcess | undefined;

async function runningWorker(): Promise<WorkerProcess> {
  const started = startProcess(names);
  const consumes = (): Promise<true | undefined> =>
    Promise.resolve(started.output().includes('consuming requests') || undefined);
  await waitFor('a worker that consumes', 60_000, consumes);
  return started;
}

beforeAll(async () => {
  broker = await startBroker();
  names = { ...shared, amqpUrl: broker.url };
  worker = await runningWorker();
});

afterAll(async () => {
  worker?.signal('SIGTERM');
  await worker?.exited;
  await broker.remove();
});

/** Creates and updates contacts one after another, until `stop`. `count`: contacts that are complete. */
function load(contacts: ContactsClient, clientId: number): { count: () => number; stop: () => Promise<void> } {
  let stopped = false;
  let count = 0;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const { contactId } = await contacts.create({ ...jane, clientId });
      await contacts.update(contactId, { phone: '1' });
      count += 1;
    }
  };
  const loops = Promise.all(Array.from({ length: 16 }, loop));
  return {
    count: () => count,
    stop: async () => {
      stopped = true;
      await loops;
    },
  };
}

test('a restart of the broker, and a worker killed meanwhile, lose and double no effect', SLOW, async () => {
  const [direct, named] = [
    await connected({ url: broker.url }),
    await connected({ url: broker.url, replyQueue: `${queue}.replies` }),
  ];
  const loads = [load(direct, 1), load(named, 2)];
  await expect.poll(() => Math.min(...loads.map(({ count }) => count()))).toBeGreaterThan(20);
  await broker.stop();
  worker?.signal('SIGKILL');
  await worker?.exited;
  const before = loads.map(({ count }) => count());
  await broker.start();
  worker = await runningWorker();
  const grown = (): number => Math.min(...loads.map(({ count }, i) => count() - (before[i] ?? 0)));
  await expect.poll(grown, { timeout: 60_000 }).toBeGreaterThan(20);
  await Promise.all(loads.map(({ stop }) => stop()));
  for (const [i, contacts] of [direct, named].entries()) {
    expect(contacts.stats).toMatchObject({ connected: true, inFlight: 0, waiting: 0 });
    expect(contacts.stats.losses).toBeGreaterThan(0);
    let found = 0;
    for await (const { phone } of contacts.listAll({ clientId: i + 1, perPage: 1_000 })) {
      expect(phone).toBe('1');
      found += 1;
    }
    expect(found).toBe(loads[i]?.count());
  }
});

describe('a user without the right', () => {
  /** The broker's address for this user. */
  const urlOf = (user: string): string => broker.url.replace('guest:guest', `${user}:sesame`);

  async function permit(user: string, write: string, configure = '.*'): Promise<void> {
    const permission = { user, vhost: '/', configure, write, read: '.*' };
    const definitions = {
      users: [{ name: user, password: 'sesame', tags: '' }],
      permissions: [permission],
    };
    const file = '/tmp/definitions.json';
    await broker.exec(
      'sh',
      '-c',
      `echo '${JSON.stringify(definitions)}' > ${file}; rabbitmqctl import_definitions ${file}`,
    );
  }

  test('to send has its calls rejected at once, and is served once it has the right', SLOW, async () => {
    await permit('reader', '^$');
    const contacts = await connected({ url: urlOf('reader') });
    const calls = await Promise.allSettled([1, 2, 3].map((id) => contacts.get(id)));
    for (const call of calls) {
      expect(call).toMatchObject({
        status: 'rejected',
        reason: {
          name: 'ContactsError',
          code: 'ACCESS_REFUSED',
          message: expect.stringContaining("exchange 'amq.default'"),
        },
      });
    }
    await expect(contacts.get(4)).rejects.toMatchObject({ code: 'ACCESS_REFUSED' });
    expect(contacts.stats).toMatchObject({ inFlight: 0, waiting: 0, retried: 0 });
    await permit('reader', '.*');
    expect(await contacts.create({ ...jane, clientId: 3 })).toMatchObject({ repeated: false });
  });

  test('to declare its reply queue cannot connect, and reads why', async () => {
    await permit('plain', '.*', '^$');
    await expect(connected({ url: urlOf('plain'), replyQueue: `${queue}.plain` })).rejects.toMatchObject({
      name: 'ConnectionError',
      message: expect.stringMatching(/403.*configure access to queue/),
    });
    const contacts = await connected({ url: urlOf('plain') });
    expect(await contacts.create({ ...jane, clientId: 4 })).toMatchObject({ repeated: false });
  });

  test('to log in any more has its calls end in time with the reason; the login may come back', SLOW, async () => {
    await permit('leaver', '.*');
    const contacts = await connected({ url: urlOf('leaver') });
    await contacts.list();
    await broker.exec('rabbitmqctl', 'delete_user', 'leaver');
    await broker.exec('rabbitmqctl', 'close_all_user_connections', 'leaver', 'deleted');
    await expect.poll(() => contacts.stats.losses).toBeGreaterThan(1);
    await expect(contacts.get(1, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/not connected.*403 ACCESS_REFUSED: the broker refuses the login/),
    });
    await permit('leaver', '.*');
    expect(await contacts.list({ clientId: 99 })).toMatchObject({ contacts: [] });
  });
});
