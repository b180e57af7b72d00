import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';

import { openStore, type Store } from '../../../src/mongo/store.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';
import { freePort } from '../../support/servers.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { CommandProxy } from './command-proxy.ts';
import { createOne, creation, freshKey, JANE } from '../../support/contact-repository/fixtures.ts';
import { freshStore } from './fresh-store.ts';

const LIMITS = { connectMs: 600, answerMs: 500, poolWaitMs: 500, poolSize: 2 };
/** Time to find a server, two tries on a silent one, and a margin for a busy machine. */
const BUDGET_MS = LIMITS.connectMs + 2 * LIMITS.answerMs + 1_500;

const { url, contacts, stored } = freshStore();
let silent: Server;
const accepted = new Set<Socket>();

beforeAll(async () => {
  silent = createServer((socket) => accepted.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  for (const socket of accepted) socket.destroy();
  return new Promise((resolve) => silent.close(resolve));
});

function open(port: number): Store {
  const address = new URL(url);
  address.host = `127.0.0.1:${port}`;
  address.searchParams.set('directConnection', 'true');
  const store = openStore(address.href, { limits: LIMITS });
  onTestFinished(() => store.close());
  return store;
}

/** Stops all traffic, on existing and on new connections. */
function fallSilent(proxy: TcpProxy): void {
  proxy.silence();
  proxy.onConnection = () => queueMicrotask(() => proxy.silence());
}

const calls = {
  create: (store: Store) => store.contacts.create([creation()]),
  update: (store: Store) => store.contacts.update([{ key: { id: freshKey() }, id: 1, changes: { first_name: 'x' } }]),
  delete: (store: Store) => store.contacts.delete([{ key: { id: freshKey() }, id: 1_000 }]),
  get: (store: Store) => store.contacts.get([1]),
  list: (store: Store) => store.contacts.list([{ page: 1, per_page: 5 }]),
  prepare: (store: Store) => store.prepare(),
  ping: (store: Store) => store.ping(),
} satisfies Record<string, (store: Store) => Promise<unknown>>;

async function expectUnavailable(call: Promise<unknown>): Promise<void> {
  const started = performance.now();
  const error = await call.then(
    () => undefined,
    (rejection: unknown) => rejection,
  );
  expect(error).toBeInstanceOf(UnavailableError);
  expect((error as UnavailableError).cause).toBeDefined();
  expect(performance.now() - started).toBeLessThan(BUDGET_MS);
}

test.each(Object.entries(calls))('%s without a listening server is unavailable', async (_, call) => {
  await expectUnavailable(call(open(await freePort())));
});

test.each(Object.entries(calls))('%s to a server that accepts and never answers times out', async (_, call) => {
  await expectUnavailable(call(open((silent.address() as AddressInfo).port)));
});

test.each(Object.entries(calls))('%s to a server that falls silent times out', async (_, call) => {
  const proxy = await TcpProxy.before(url);
  onTestFinished(() => proxy.close());
  const store = open(Number(new URL(proxy.url(url)).port));
  await Promise.all([store.ping(), store.ping()]);
  fallSilent(proxy);
  await expectUnavailable(call(store));
});

test('more calls than connections to a silent server all time out', async () => {
  const proxy = await TcpProxy.before(url);
  onTestFinished(() => proxy.close());
  const store = open(Number(new URL(proxy.url(url)).port));
  await store.ping();
  fallSilent(proxy);
  await Promise.all(Array.from({ length: 8 }, () => expectUnavailable(store.contacts.get([1]))));
});

test('after an outage the same store recovers by itself', async () => {
  const id = await createOne(contacts);
  const proxy = await TcpProxy.before(url);
  onTestFinished(() => proxy.close());
  const store = open(Number(new URL(proxy.url(url)).port));
  await store.ping();
  proxy.refuse();
  await expectUnavailable(store.contacts.get([id]));
  proxy.accept();
  const found = await vi.waitUntil(() => store.contacts.get([id]).catch(() => undefined), { timeout: 20_000 });
  expect(found).toEqual([{ contact_id: id, ...JANE }]);
});

test('close ends in time even if the server is silent, is idempotent, and later calls are rejected', async () => {
  const proxy = await TcpProxy.before(url);
  onTestFinished(() => proxy.close());
  const store = open(Number(new URL(proxy.url(url)).port));
  await store.ping();
  fallSilent(proxy);
  const started = performance.now();
  await store.close();
  await store.close();
  expect(performance.now() - started).toBeLessThan(4_000);
  await expectUnavailable(store.contacts.get([1]));
});

test('a create whose response was lost is repeated by its key and creates one contact', async () => {
  const proxy = await CommandProxy.before(url);
  onTestFinished(() => proxy.close());
  const store = open(proxy.port);
  await store.ping();
  const batch = [creation(), creation(), creation()];
  const keys = batch.map(({ key }) => key.id);
  proxy.dropResponsesTo('insert');
  const lost = expectUnavailable(store.contacts.create(batch));
  const count = (): Promise<number> => stored.contacts.countDocuments({ created_by: { $in: keys } });
  await vi.waitUntil(async () => (await count()) === 3, { timeout: 5_000 });
  await lost;
  const again = await contacts.create([...batch, creation()]);
  expect(again.map(({ repeated }) => repeated)).toEqual([true, true, true, false]);
  expect(await count()).toBe(3);
  expect(new Set(again.map(({ id }) => id)).size).toBe(4);
});

test('an update and a delete whose responses were lost are repeats when run again', async () => {
  const proxy = await CommandProxy.before(url);
  onTestFinished(() => proxy.close());
  const store = open(proxy.port);
  await store.ping();
  const id = await createOne(contacts);
  const update = { key: { id: freshKey() }, id, changes: { first_name: 'Lost' } };
  proxy.dropResponsesTo('update');
  const lost = expectUnavailable(store.contacts.update([update]));
  await vi.waitUntil(async () => (await contacts.get([id]))[0]?.first_name === 'Lost', { timeout: 5_000 });
  await lost;
  expect(await contacts.update([update])).toEqual(['repeated']);

  const deletion = { key: { id: freshKey() }, id };
  const lostToo = expectUnavailable(store.contacts.delete([deletion]));
  await vi.waitUntil(async () => (await contacts.get([id]))[0] === undefined, { timeout: 5_000 });
  await lostToo;
  expect(await contacts.delete([deletion])).toEqual(['repeated']);
});
