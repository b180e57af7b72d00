import { expect, onTestFinished, test } from 'vitest';

import { openStore, type Store } from '../../../src/mongo/store.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';
import { createOne, creation, freshKey, strict } from '../../support/contact-repository/fixtures.ts';
import { freshStore } from './fresh-store.ts';
import { CommandProxy } from './command-proxy.ts';

const { url, contacts } = freshStore();
const LIMITS = { connectMs: 5_000, answerMs: 8_000, poolWaitMs: 5_000, poolSize: 4 };

const WRITES: ReadonlySet<string> = new Set([
  'insert',
  'update',
  'delete',
  'findAndModify',
  'createIndexes',
  'collMod',
]);
const READS: ReadonlySet<string> = new Set(['find', 'aggregate']);

async function proxied(options = ''): Promise<{ proxy: CommandProxy; store: Store }> {
  const proxy = await CommandProxy.before(url);
  const store = openStore(proxy.url(url, options), { limits: LIMITS, retentionSeconds: 86_400 });
  onTestFinished(async () => {
    await store.close();
    await proxy.close();
  });
  return { proxy, store };
}

async function everyCall(store: Store): Promise<void> {
  await store.prepare();
  const prefix = `${freshKey('d')}~`;
  const earlier = { key: { id: `${prefix}two`, earlier: prefix } };
  const repeated = creation();
  const created = await strict(store.contacts).create([repeated, creation()]);
  await store.contacts.create([repeated, { ...earlier, fields: repeated.fields }]);
  const ids = created.map(({ id }) => id);
  const updates = ids.map((id) => ({ key: { id: freshKey() }, id, changes: { first_name: 'x' } }));
  await store.contacts.update(updates);
  await store.contacts.update([...updates, { ...earlier, id: 4_000_000_000, changes: {} }]);
  await store.contacts.get(ids);
  await store.contacts.list([
    { page: 1, per_page: 2 },
    { page: 1, per_page: 2, client_id: 1 },
    { page: 9, per_page: 1000 },
  ]);
  const deletions = ids.map((id) => ({ key: { id: freshKey() }, id }));
  await store.contacts.delete(deletions);
  await store.contacts.delete(deletions);
  await store.contacts.findEarlierCreations([repeated]);
  await store.contacts.findEarlierUpdates(updates);
  await store.contacts.findEarlierDeletions(deletions);
  const attempt = freshKey();
  await store.attempts.begin(attempt, 'first', 9);
  await store.attempts.begin(attempt, 'second', 9);
  await store.attempts.fail(attempt, 'second', { method: 'm', attempts: 1, firstError: 'a', lastError: 'b' });
  await store.attempts.end(attempt, ['first', 'second']);
}

test.each([
  '',
  'journal=false',
  'w=1',
  'w=0',
  'wtimeoutMS=1',
  'wtimeout=0',
  'readConcernLevel=local',
  'readConcernLevel=available&journal=false&w=1&wtimeoutMS=600000',
  'readPreference=secondary',
  'readPreference=nearest&maxStalenessSeconds=120&readPreferenceTags=dc:far',
  'retryWrites=false&retryReads=false',
  'promoteLongs=false',
  'useBigInt64=true',
  'raw=true',
  'promoteValues=false',
])(
  'with URL options "%s", each write is majority, journalled and limited in time, each read majority',
  async (options) => {
    const { proxy, store } = await proxied(options);
    await everyCall(store);
    const seen = new Set<string>();
    for (const command of proxy.commands) {
      const [name = ''] = Object.keys(command);
      const what = `${name} ${String(command[name])}`;
      if (WRITES.has(name))
        expect([what, command['writeConcern']]).toEqual([what, { w: 'majority', j: true, wtimeout: 6_000 }]);
      if (READS.has(name)) expect([what, command['readConcern']]).toEqual([what, { level: 'majority' }]);
      if (WRITES.has(name) || READS.has(name)) {
        expect(['{"mode":"primary"}', '{"mode":"primaryPreferred"}', undefined]).toContain(
          JSON.stringify(command['$readPreference']),
        );
        seen.add(what);
      }
    }
    for (const what of [
      'insert contacts',
      'update contacts',
      'findAndModify counters',
      'find contacts',
      'aggregate contacts',
    ]) {
      expect(seen).toContain(what);
    }
  },
);

test('a changed retention is written with majority, too', async () => {
  const { proxy, store } = await proxied('journal=false');
  await store.prepare();
  const change = proxy.commands.find((command) => 'collMod' in command);
  expect(change).toBeUndefined();
  const again = openStore(proxy.url(url, 'journal=false'), { limits: LIMITS, retentionSeconds: 90_000 });
  onTestFinished(() => again.close());
  await again.prepare();
  const changes = proxy.commands.filter((command) => 'collMod' in command);
  expect(changes.length).toBeGreaterThan(0);
  for (const { writeConcern } of changes) expect(writeConcern).toEqual({ w: 'majority', j: true, wtimeout: 6_000 });
});

test('a write that a majority does not confirm in time has an unknown outcome', async () => {
  const { proxy, store } = await proxied();
  const id = await createOne(contacts);
  const update = { key: { id: freshKey() }, id, changes: { first_name: 'Late' } };
  const timedOut = { code: 64, codeName: 'WriteConcernTimeout', errmsg: 'waiting for replication timed out' };
  proxy.answer('update', { ok: 1, n: 1, nModified: 1, writeConcernError: timedOut });
  await expect(store.contacts.update([update])).rejects.toThrow(UnavailableError);
  proxy.answer('insert', { ok: 1, n: 1, writeConcernError: timedOut });
  await expect(store.contacts.create([creation()])).rejects.toThrow(UnavailableError);
  proxy.answer('findAndModify', { ok: 1, value: { _id: 'contact', next: 5 }, writeConcernError: timedOut });
  await expect(store.contacts.create([creation()])).rejects.toThrow(UnavailableError);
});

test.each([371, 202, 402, 407, 211])(
  'a server that rejects with code %d is unavailable, not defective',
  async (code) => {
    const { proxy, store } = await proxied();
    for (const command of ['update', 'find', 'aggregate', 'findAndModify']) proxy.refuse(command, code);
    const id = 1;
    await expect(store.contacts.update([{ key: { id: freshKey() }, id, changes: {} }])).rejects.toThrow(
      UnavailableError,
    );
    await expect(store.contacts.create([creation()])).rejects.toThrow(UnavailableError);
    await expect(store.contacts.get([id])).rejects.toThrow(UnavailableError);
    await expect(store.contacts.list([{ page: 1, per_page: 1 }])).rejects.toThrow(UnavailableError);
  },
);
