import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MongoServerError, type MongoClient } from 'mongodb';

import { createCalls, type Calls } from '../../../src/mongo/connection/calls.ts';
import { createClient } from '../../../src/mongo/connection/client.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';
import { freshNames } from '../../support/fresh-names.ts';

const LIMITS = { connectMs: 600, answerMs: 500, poolWaitMs: 500, poolSize: 2 };

/** Internals of the driver, to simulate a peer that closes a connection at a critical moment. */
interface Inside {
  readonly topology: { readonly s: { readonly servers: ReadonlyMap<string, Server> } };
}
interface Server {
  readonly pool: { readonly connections: ReadonlySet<{ readonly socket: { destroy(): void } }> };
}

const { mongodbUrl } = freshNames();
let client: MongoClient;
let calls: Calls;

beforeEach(async () => {
  client = createClient(mongodbUrl, LIMITS);
  calls = createCalls(client, LIMITS);
  await calls.run('connect', () => client.connect());
});

afterEach(async () => {
  calls.stop();
  await client.close(true);
});

const ping = (): Promise<unknown> => calls.run('ping', () => client.db().command({ ping: 1 }));

function server(): Server {
  const [only] = (client as unknown as Inside).topology.s.servers.values();
  if (only === undefined) throw new Error('the client knows no server');
  return only;
}

test('a call that the driver lost ends as one with an unknown outcome', async () => {
  await ping();
  for (const connection of server().pool.connections) connection.socket.destroy();
  await expect(ping()).rejects.toThrow(UnavailableError);
  await ping();
});

test('a client that no longer finds an available server reconnects', { timeout: 60_000 }, async () => {
  await ping();
  // Stands for a monitor that waits for ever, which is too rare for a test: no call succeeds from
  // here on.
  await client.close(true);
  await expect(ping()).rejects.toThrow(UnavailableError);
  await vi.waitFor(ping, { timeout: 40_000, interval: 300 });
});

test('so does one whose calls fail within other calls', { timeout: 60_000 }, async () => {
  await ping();
  await client.close(true);
  const nested = (): Promise<unknown> => calls.run('create', ping);
  await expect(nested()).rejects.toThrow(UnavailableError);
  await vi.waitFor(nested, { timeout: 40_000, interval: 300 });
});

test('a client does not reconnect to a server that keeps rejecting commands', async () => {
  await ping();
  let closed = 0;
  client.on('topologyClosed', () => (closed += 1));
  const refused = new MongoServerError({ message: 'refused', code: 121 });
  const started = performance.now();
  const refuse = async (): Promise<number> => {
    await calls.run('create', () => Promise.reject(refused)).catch(() => undefined);
    return performance.now() - started;
  };
  await expect.poll(refuse, { timeout: 10_000, interval: 50 }).toBeGreaterThan(4 * LIMITS.connectMs);
  await ping();
  expect(closed).toBe(0);
});
