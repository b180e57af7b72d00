import {
  MongoBulkWriteError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
  type BulkWriteResult,
  type MongoError,
} from 'mongodb';
import { expect, test } from 'vitest';

import {
  duplicatesIn,
  isUnavailable,
  rejectedItemsIn,
  translateErrors,
} from '../../../../src/mongo/connection/errors.ts';
import { StoreDefectError, UnavailableError } from '../../../../src/protocol/errors.ts';
import { TimeoutError } from '../../../../src/time/limit.ts';

const reply = (code: number, message = 'a reply'): MongoServerError => new MongoServerError({ message, code });

/**
 * A bulk write's error, as the driver builds it from the server's answer or from an error of the
 * call.
 */
function bulkError(cause: object, writeConcernError?: object): MongoBulkWriteError {
  const result = { getWriteConcernError: () => writeConcernError } as unknown as BulkWriteResult;
  return new MongoBulkWriteError(cause as never, result);
}

function rejectedItems(...items: readonly { index: number; code: number; errmsg?: string }[]): MongoBulkWriteError {
  return bulkError({ message: 'E11000 secret@doe.example', code: items[0]?.code, writeErrors: items });
}

function systemError(code: string): Error {
  return Object.assign(new Error(`write ${code}`), { code, syscall: 'write' });
}

function labelled(label: string): MongoError {
  const error = reply(4242);
  error.addErrorLabel(label);
  return error;
}

test.each<[string, unknown]>([
  ['a lost connection', new MongoNetworkError('connection closed')],
  ['a silent server', new MongoNetworkTimeoutError('timed out')],
  ['no server found', new MongoServerSelectionError('none', { servers: new Map() } as never)],
  ['a reset socket that the driver passes on unchanged', systemError('ECONNRESET')],
  ['a broken pipe', systemError('EPIPE')],
  ['a host name that does not resolve at the moment', systemError('EAI_AGAIN')],
  ['our own time limit', new TimeoutError('ping did not answer')],
  ['a primary that stepped down', reply(189)],
  ['a write to a secondary', reply(10107)],
  ['a server that shuts down', reply(91)],
  ['a password change in progress', reply(18)],
  ['a deadlock in the DocumentDB engine', reply(16_908_292)],
  ['a cluster that blocks writes during a migration', reply(371)],
  ['a server whose peer timed out', reply(202)],
  ['a server without resources at the moment', reply(402)],
  ['a server without a free connection to a peer', reply(407)],
  ['a server whose signing keys are missing', reply(211)],
  ['a full admission queue', reply(433)],
  ['a cluster during resharding', reply(453)],
  ['a cursor lost in a restart', reply(43)],
  ['a standby PostgreSQL before it takes over', reply(100_663_618)],
  ['a PostgreSQL behind FerretDB that restarts', reply(1, 'the database system is in recovery mode')],
  ['a PostgreSQL behind FerretDB that crashed', reply(1, 'unexpected EOF')],
  ['an error that the server labels retryable', labelled('RetryableWriteError')],
  [
    'a write that a majority did not confirm',
    new MongoWriteConcernError({ writeConcernError: { code: 64 }, ok: 1 } as never),
  ],
  ['a bulk write whose connection was lost', bulkError(new MongoNetworkTimeoutError('timed out'))],
  ['a bulk write whose socket was reset', bulkError(systemError('ECONNRESET'))],
  ['a bulk write rejected by a server that stepped down', bulkError(reply(10107))],
  [
    'a bulk write with one item in a deadlock',
    rejectedItems({ index: 3, code: 11000 }, { index: 4, code: 16_908_292 }),
  ],
  ['a bulk write that a majority did not confirm', bulkError({ message: 'waiting', writeErrors: [] }, { code: 64 })],
])('%s means that the database is unavailable', async (_, error) => {
  expect(isUnavailable(error)).toBe(true);
  const call = translateErrors('create contacts', () => Promise.reject(error as Error));
  await expect(call).rejects.toBeInstanceOf(UnavailableError);
  await expect(call).rejects.toMatchObject({ cause: error });
});

test.each<[string, unknown]>([
  ['a document that the server rejects', reply(121)],
  ['a list that exceeded its time limit', reply(50)],
  ['a duplicate key', reply(11000)],
  ['another internal error', reply(1, 'assertion failed')],
  ['a bulk write with a rejected item', rejectedItems({ index: 0, code: 121 })],
  ['a bulk write that failed by a defect', bulkError(new MongoInvalidArgumentError('wrong use'))],
  ['a programming error', new TypeError('x is not a function')],
  ['an error whose code is not a system error', Object.assign(new Error('odd'), { code: 'ERR_INVALID_ARG_TYPE' })],
  ['a value that is not an Error', 'ECONNRESET'],
])('%s is not an outage', (_, error) => {
  expect(isUnavailable(error)).toBe(false);
});

test('a defect names the call, the error and its code, never the server’s message', async () => {
  const failed = translateErrors('create contacts', () =>
    Promise.reject(reply(11000, 'dup key: { email: "secret@doe.example" }')),
  );
  const error: unknown = await failed.catch((rejection: unknown) => rejection);
  expect(error).toBeInstanceOf(StoreDefectError);
  expect(error).toMatchObject({ message: 'create contacts: MongoServerError 11000', code: 11000 });
  expect((error as Error).cause).toBeUndefined();
  expect((error as Error).stack).not.toContain('secret');
});

test.each([
  [13, 'create contacts: the database user lacks the right to do it (13 Unauthorized)'],
  [18, 'create contacts: the database rejects the user name or the password (18 AuthenticationFailed)'],
  [371, 'create contacts: the database blocks all writes at the moment (371 UserWritesBlocked)'],
  [189, 'create contacts: the database is unavailable, or the outcome of the call is unknown'],
])('code %d has a message that names the condition', async (code, words) => {
  await expect(translateErrors('create contacts', () => Promise.reject(reply(code, 'secret')))).rejects.toThrow(words);
});

test('an error that is not the driver’s passes unchanged', async () => {
  const own = new Error('the document of contact 1 is incomplete');
  await expect(translateErrors('get contacts', () => Promise.reject(own))).rejects.toBe(own);
});

test('indexes of duplicates are returned only if nothing else failed', () => {
  expect(duplicatesIn(rejectedItems({ index: 2, code: 11000 }, { index: 5, code: 11000 }))).toEqual([2, 5]);
  for (const error of [
    rejectedItems({ index: 2, code: 11000 }, { index: 5, code: 121 }),
    bulkError({ message: 'dup', writeErrors: [{ index: 2, code: 11000 }] }, { code: 64 }),
    bulkError(new MongoNetworkError('gone')),
    reply(11000),
  ]) {
    expect(() => duplicatesIn(error)).toThrow(error);
  }
});

test('an item that lost against another writer is a conflict and not a duplicate', () => {
  const error = rejectedItems({ index: 2, code: 11000 }, { index: 5, code: 112 }, { index: 7, code: 16_908_292 });
  expect([...rejectedItemsIn('x', error)]).toEqual([
    [2, undefined],
    [5, undefined],
    [7, undefined],
  ]);
  expect(() => duplicatesIn(error)).toThrow(error);
});

test('a rejected item is distinguished from conflicts and from items of unknown outcome', () => {
  const rejections = rejectedItemsIn(
    'x',
    rejectedItems({ index: 2, code: 112 }, { index: 5, code: 121, errmsg: 'secret' }),
  );
  expect([...rejections.keys()]).toEqual([2, 5]);
  expect(rejections.get(2)).toBeUndefined();
  expect(rejections.get(5)).toMatchObject({ name: 'StoreDefectError', message: 'x: MongoWriteError 121', code: 121 });
  for (const error of [
    rejectedItems({ index: 2, code: 121 }, { index: 5, code: 91 }),
    bulkError({ message: 'waiting', writeErrors: [{ index: 2, code: 121 }] }, { code: 64 }),
    bulkError(new MongoNetworkError('gone')),
    reply(121),
  ]) {
    expect(() => rejectedItemsIn('x', error)).toThrow(error);
  }
});
