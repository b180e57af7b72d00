import { randomUUID } from 'node:crypto';

import { MongoClient, type Collection } from 'mongodb';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';

import { openStore } from '../../../src/mongo/store.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { AnswerThief } from './answer-thief.ts';
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

/** What is really stored, by a client of the test's own. */
const stored: Collection<Stored> = client.db().collection('attempts');

const NOTHING = { unended: 0, starts: [] };
const failure = { method: 'm', attempts: 2, firstError: 'one', lastError: 'two' };
const MOST = 20;

/** Names of starts. */
const fresh = (): string => randomUUID();

describe.each([
  ['in the database', store.attempts],
  ['in memory', new MemoryLedger()],
])('the ledger %s', (_, ledger) => {
  test('counts starts that did not end, per request', async () => {
    const [one, two] = [fresh(), fresh()];
    expect(await ledger.begin(one, 'a', MOST)).toEqual(NOTHING);
    expect(await ledger.begin(one, 'b', MOST)).toEqual({ unended: 1, starts: ['a'] });
    expect(await ledger.begin(two, 'c', MOST)).toEqual(NOTHING);
    await ledger.end(one, ['a', 'b']);
    expect(await ledger.begin(one, 'd', MOST)).toEqual(NOTHING);
    expect(await ledger.begin(two, 'e', MOST)).toEqual({ unended: 1, starts: ['c'] });
  });

  test('a start that is recorded again, as its answer was lost, counts once', async () => {
    const id = fresh();
    for (let run = 0; run < 5; run += 1) expect(await ledger.begin(id, 'a', MOST)).toEqual(NOTHING);
    for (let run = 0; run < 5; run += 1) {
      expect(await ledger.begin(id, 'b', MOST)).toEqual({ unended: 1, starts: ['a'] });
    }
  });

  test('records as many starts as allowed, and one that is recorded already is translateErrors the same again', async () => {
    const id = fresh();
    await ledger.begin(id, 'a', 2);
    expect(await ledger.begin(id, 'b', 2)).toEqual({ unended: 1, starts: ['a'] });
    expect(await ledger.begin(id, 'c', 2)).toEqual({ unended: 2, starts: ['a', 'b'] });
    expect(await ledger.begin(id, 'd', 2)).toEqual({ unended: 2, starts: ['a', 'b'] });
    expect(await ledger.begin(id, 'b', 2)).toEqual({ unended: 1, starts: ['a'] });
  });

  test('the end of one start leaves the starts of others', async () => {
    const id = fresh();
    await ledger.begin(id, 'a', MOST);
    await ledger.begin(id, 'b', MOST);
    await ledger.end(id, ['a']);
    await ledger.end(id, ['a']);
    expect(await ledger.begin(id, 'c', MOST)).toEqual({ unended: 1, starts: ['b'] });
    await ledger.end(id, ['b', 'c']);
    expect(await ledger.begin(id, 'd', MOST)).toEqual(NOTHING);
  });

  test('ending what was not begun does no harm', async () => {
    const id = fresh();
    await ledger.end(id, ['a']);
    expect(await ledger.begin(id, 'b', MOST)).toEqual(NOTHING);
  });

  test('tells a failure for good, and records no start beside it', async () => {
    const id = fresh();
    await ledger.begin(id, 'a', MOST);
    await ledger.begin(id, 'b', MOST);
    await ledger.fail(id, 'b', failure);
    await ledger.fail(id, 'b', failure);
    for (let delivery = 0; delivery < 3; delivery += 1) {
      expect(await ledger.begin(id, 'c', MOST)).toEqual({ unended: 2, starts: ['a', 'b'], failure });
    }
  });

  test('a failure goes with the start that recorded it, and not with another', async () => {
    const id = fresh();
    for (const start of ['a', 'b', 'c']) await ledger.begin(id, start, MOST);
    await ledger.fail(id, 'b', failure);
    await ledger.end(id, ['a']);
    expect(await ledger.begin(id, 'd', MOST)).toEqual({ unended: 2, starts: ['b', 'c'], failure });
    await ledger.end(id, ['b']);
    expect(await ledger.begin(id, 'd', MOST)).toEqual({ unended: 1, starts: ['c'] });
  });

  test('a failure that is recorded late, when its start has ended, is not recorded', async () => {
    const [id, never] = [fresh(), fresh()];
    await ledger.begin(id, 'a', MOST);
    await ledger.fail(id, 'a', failure);
    await ledger.end(id, ['a']);
    await ledger.fail(id, 'a', failure);
    expect(await ledger.begin(id, 'b', MOST)).toEqual(NOTHING);
    await ledger.fail(never, 'a', failure);
    expect(await ledger.begin(never, 'b', MOST)).toEqual(NOTHING);
  });

  test('workers that begin at once count a start each, and their ends leave nothing', async () => {
    const id = fresh();
    const names = Array.from({ length: 10 }, fresh);
    const earlier = await Promise.all(names.map((name) => ledger.begin(id, name, MOST)));
    expect(earlier.map(({ unended }) => unended).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await Promise.all(names.map((name) => ledger.end(id, [name])));
    expect(await ledger.begin(id, 'last', MOST)).toEqual(NOTHING);
  });
});

test('when all has ended no document is left', async () => {
  const id = fresh();
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((name) => store.attempts.begin(id, name, MOST)));
  await store.attempts.fail(id, 'b', failure);
  await Promise.all(names.map((name) => store.attempts.end(id, [name])));
  expect(await stored.findOne({ _id: id })).toBeNull();
});

test('starts that the build before counted without names are counted, and end with what they were seen by', async () => {
  const id = fresh();
  await stored.insertOne({ _id: id, unended: 3 });
  const earlier = await store.attempts.begin(id, 'a', MOST);
  expect(earlier.unended).toBe(3);
  await store.attempts.end(id, ['a']);
  expect((await store.attempts.begin(id, 'b', MOST)).unended).toBe(3);
  await store.attempts.end(id, ['b', ...earlier.starts]);
  expect(await stored.findOne({ _id: id })).toBeNull();
});

test('a failure that the build before recorded is translateErrors, and ends with what it was seen by', async () => {
  const { method, attempts, firstError: first_error, lastError: last_error } = failure;
  const id = fresh();
  await stored.insertOne({ _id: id, method, attempts, first_error, last_error });
  const earlier = await store.attempts.begin(id, 'a', MOST);
  expect(earlier).toMatchObject({ unended: 0, failure });
  await store.attempts.end(id, ['a']);
  expect((await store.attempts.begin(id, 'b', MOST)).failure).toEqual(failure);
  await store.attempts.end(id, ['b', ...earlier.starts]);
  expect(await stored.findOne({ _id: id })).toBeNull();
});

test('a start whose answers are lost four times, and run again, is one start', { timeout: 60_000 }, async () => {
  const thief = await AnswerThief.before(url);
  const address = new URL(url);
  address.host = `127.0.0.1:${thief.port}`;
  address.searchParams.set('directConnection', 'true');
  const limits = { connectMs: 1_000, answerMs: 300, poolWaitMs: 1_000, poolSize: 2 };
  const robbed = openStore(address.href, { limits });
  onTestFinished(async () => {
    await robbed.close();
    await thief.close();
  });
  await robbed.ping();
  const id = fresh();
  await store.attempts.begin(id, 'before', MOST);
  thief.steal('findAndModify');
  for (let run = 0; run < 4; run += 1) {
    await expect(robbed.attempts.begin(id, 'a', MOST)).rejects.toBeInstanceOf(UnavailableError);
  }
  expect((await stored.findOne({ _id: id }))?.starts).toEqual(['before', 'a']);
  expect(await store.attempts.begin(id, 'a', MOST)).toEqual({ unended: 1, starts: ['before'] });
});
