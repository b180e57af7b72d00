import { randomUUID } from 'node:crypto';

import { MongoClient, type Collection } from 'mongodb';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';

import { openStore } from '../../../src/mongo/store.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { CommandProxy } from './command-proxy.ts';
import { freshStore } from './fresh-store.ts';

const { store, url } = freshStore();
const client = new MongoClient(url);
afterAll(() => client.close());

interface Stored {
  _id: string;
  starts?: string[];
  unended?: number;
  method?: string;
  attempts?: number;
  first_error?: string;
  last_error?: string;
}

/** The stored documents, through a client of the test. */
const stored: Collection<Stored> = client.db().collection('attempts');

const NOTHING = { unended: 0, starts: [] };
const failure = { method: 'm', attempts: 2, firstError: 'one', lastError: 'two' };
const MAX_STARTS = 20;

/** A random id of a request, or name of a start. */
const fresh = (): string => randomUUID();

describe.each([
  ['in the database', store.attempts],
  ['in memory', new MemoryLedger()],
])('the ledger %s', (_, ledger) => {
  test('counts unended starts per request', async () => {
    const [one, two] = [fresh(), fresh()];
    expect(await ledger.begin(one, 'a', MAX_STARTS)).toEqual(NOTHING);
    expect(await ledger.begin(one, 'b', MAX_STARTS)).toEqual({ unended: 1, starts: ['a'] });
    expect(await ledger.begin(two, 'c', MAX_STARTS)).toEqual(NOTHING);
    await ledger.end(one, ['a', 'b']);
    expect(await ledger.begin(one, 'd', MAX_STARTS)).toEqual(NOTHING);
    expect(await ledger.begin(two, 'e', MAX_STARTS)).toEqual({ unended: 1, starts: ['c'] });
  });

  test('a start that is recorded again because its response was lost counts once', async () => {
    const id = fresh();
    for (let run = 0; run < 5; run += 1) expect(await ledger.begin(id, 'a', MAX_STARTS)).toEqual(NOTHING);
    for (let run = 0; run < 5; run += 1) {
      expect(await ledger.begin(id, 'b', MAX_STARTS)).toEqual({ unended: 1, starts: ['a'] });
    }
  });

  test('records at most the allowed number of starts, and returns the same again for a recorded one', async () => {
    const id = fresh();
    await ledger.begin(id, 'a', 2);
    expect(await ledger.begin(id, 'b', 2)).toEqual({ unended: 1, starts: ['a'] });
    expect(await ledger.begin(id, 'c', 2)).toEqual({ unended: 2, starts: ['a', 'b'] });
    expect(await ledger.begin(id, 'd', 2)).toEqual({ unended: 2, starts: ['a', 'b'] });
    expect(await ledger.begin(id, 'b', 2)).toEqual({ unended: 1, starts: ['a'] });
  });

  test('the end of one start leaves the starts of others', async () => {
    const id = fresh();
    await ledger.begin(id, 'a', MAX_STARTS);
    await ledger.begin(id, 'b', MAX_STARTS);
    await ledger.end(id, ['a']);
    await ledger.end(id, ['a']);
    expect(await ledger.begin(id, 'c', MAX_STARTS)).toEqual({ unended: 1, starts: ['b'] });
    await ledger.end(id, ['b', 'c']);
    expect(await ledger.begin(id, 'd', MAX_STARTS)).toEqual(NOTHING);
  });

  test('ending an unknown start has no effect', async () => {
    const id = fresh();
    await ledger.end(id, ['a']);
    expect(await ledger.begin(id, 'b', MAX_STARTS)).toEqual(NOTHING);
  });

  test('returns a permanent failure, and records no start after it', async () => {
    const id = fresh();
    await ledger.begin(id, 'a', MAX_STARTS);
    await ledger.begin(id, 'b', MAX_STARTS);
    await ledger.fail(id, 'b', failure);
    await ledger.fail(id, 'b', failure);
    for (let delivery = 0; delivery < 3; delivery += 1) {
      expect(await ledger.begin(id, 'c', MAX_STARTS)).toEqual({ unended: 2, starts: ['a', 'b'], failure });
    }
  });

  test('a failure ends with the start that recorded it, not with another', async () => {
    const id = fresh();
    for (const start of ['a', 'b', 'c']) await ledger.begin(id, start, MAX_STARTS);
    await ledger.fail(id, 'b', failure);
    await ledger.end(id, ['a']);
    expect(await ledger.begin(id, 'd', MAX_STARTS)).toEqual({ unended: 2, starts: ['b', 'c'], failure });
    await ledger.end(id, ['b']);
    expect(await ledger.begin(id, 'd', MAX_STARTS)).toEqual({ unended: 1, starts: ['c'] });
  });

  test('a failure is not recorded after its start has ended', async () => {
    const [id, never] = [fresh(), fresh()];
    await ledger.begin(id, 'a', MAX_STARTS);
    await ledger.fail(id, 'a', failure);
    await ledger.end(id, ['a']);
    await ledger.fail(id, 'a', failure);
    expect(await ledger.begin(id, 'b', MAX_STARTS)).toEqual(NOTHING);
    await ledger.fail(never, 'a', failure);
    expect(await ledger.begin(never, 'b', MAX_STARTS)).toEqual(NOTHING);
  });

  test('workers that begin at once count one start each, and their ends leave nothing', async () => {
    const id = fresh();
    const names = Array.from({ length: 10 }, fresh);
    const earlier = await Promise.all(names.map((name) => ledger.begin(id, name, MAX_STARTS)));
    expect(earlier.map(({ unended }) => unended).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await Promise.all(names.map((name) => ledger.end(id, [name])));
    expect(await ledger.begin(id, 'last', MAX_STARTS)).toEqual(NOTHING);
  });
});

test('no document remains when all starts have ended', async () => {
  const id = fresh();
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((name) => store.attempts.begin(id, name, MAX_STARTS)));
  await store.attempts.fail(id, 'b', failure);
  await Promise.all(names.map((name) => store.attempts.end(id, [name])));
  expect(await stored.findOne({ _id: id })).toBeNull();
});

test('unnamed starts of an earlier build are counted, and end with the start that saw them', async () => {
  const id = fresh();
  await stored.insertOne({ _id: id, unended: 3 });
  const earlier = await store.attempts.begin(id, 'a', MAX_STARTS);
  expect(earlier.unended).toBe(3);
  await store.attempts.end(id, ['a']);
  expect((await store.attempts.begin(id, 'b', MAX_STARTS)).unended).toBe(3);
  await store.attempts.end(id, ['b', ...earlier.starts]);
  expect(await stored.findOne({ _id: id })).toBeNull();
});

test('a failure of an earlier build is returned, and ends with the start that saw it', async () => {
  const { method, attempts, firstError: first_error, lastError: last_error } = failure;
  const id = fresh();
  await stored.insertOne({ _id: id, method, attempts, first_error, last_error });
  const earlier = await store.attempts.begin(id, 'a', MAX_STARTS);
  expect(earlier).toMatchObject({ unended: 0, failure });
  await store.attempts.end(id, ['a']);
  expect((await store.attempts.begin(id, 'b', MAX_STARTS)).failure).toEqual(failure);
  await store.attempts.end(id, ['b', ...earlier.starts]);
  expect(await stored.findOne({ _id: id })).toBeNull();
});

test('a start whose response is lost four times counts once', { timeout: 60_000 }, async () => {
  const proxy = await CommandProxy.before(url);
  const address = new URL(url);
  address.host = `127.0.0.1:${proxy.port}`;
  address.searchParams.set('directConnection', 'true');
  const limits = { connectMs: 1_000, answerMs: 300, poolWaitMs: 1_000, poolSize: 2 };
  const lossy = openStore(address.href, { limits });
  onTestFinished(async () => {
    await lossy.close();
    await proxy.close();
  });
  await lossy.ping();
  const id = fresh();
  await store.attempts.begin(id, 'before', MAX_STARTS);
  proxy.dropResponsesTo('findAndModify');
  for (let run = 0; run < 4; run += 1) {
    await expect(lossy.attempts.begin(id, 'a', MAX_STARTS)).rejects.toBeInstanceOf(UnavailableError);
  }
  expect((await stored.findOne({ _id: id }))?.starts).toEqual(['before', 'a']);
  expect(await store.attempts.begin(id, 'a', MAX_STARTS)).toEqual({ unended: 1, starts: ['before'] });
});
