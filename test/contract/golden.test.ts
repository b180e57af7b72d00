import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { answerTo } from '../../src/pipeline/respond.ts';
import { decode } from '../../src/codec/decode.ts';
import { encode } from '../../src/codec/encode.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { identityOf } from '../../src/pipeline/identity.ts';
import { createRegistry } from '../../src/dispatch/registry.ts';
import { apiMethods } from '../../src/methods/index.ts';
import { openStore } from '../../src/mongo/store.ts';
import { FAULT_CODES } from '../../src/protocol/catalogue.ts';
import { fail, type ResponseHeaders } from '../../src/protocol/response.ts';
import { freshNames } from '../support/fresh-names.ts';
import { goldenCases, type GoldenCase } from './golden-cases.ts';

const { mongodbUrl } = freshNames();
const store = openStore(mongodbUrl);
const client = new MongoClient(mongodbUrl, { serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 30_000 });
const methods = apiMethods(store.contacts, { listMaxPerPage: 1000 });
const settings = { maxAttempts: 1, slotsPerMethod: 1, maxBatch: 16 };
const patience = { pause: () => Promise.resolve(), abandoned: () => false };
const dispatcher = new Dispatcher(createRegistry(methods), settings, patience, {
  retry: () => undefined,
  waiting: () => undefined,
  braked: () => undefined,
  failing: () => undefined,
});

const cases = goldenCases();

beforeAll(() => store.prepare());
// Without a counter the first contact_id is 1 again.
beforeEach(() => Promise.all(['contacts', 'counters'].map((name) => client.db().collection(name).deleteMany({}))));
afterAll(() => Promise.all([store.close(), client.close()]));

/** The way of a request through the worker, between broker and broker. */
async function answer({ request: body, messageId }: GoldenCase): Promise<{ body: Buffer; headers: ResponseHeaders }> {
  const properties = { appId: undefined, messageId, correlationId: undefined, replyTo: undefined, headers: {} };
  const { key } = identityOf({ body, redelivered: false, properties });
  const decoded = decode(body, { maxBytes: 65_536 });
  const execution = decoded.ok
    ? await dispatcher.execute(decoded.request, { key, deadline: undefined, attemptsBefore: undefined })
    : ({ kind: 'done', response: fail(decoded.fault), attempts: 0, batch: 0 } as const);
  if (execution.kind === 'abandoned') throw new Error('nobody abandons requests here');
  return answerTo(execution, 'reference', encode);
}

describe.each([...cases.values()])('$name', (golden) => {
  test('is answered with exactly the bytes and headers on file', async () => {
    for (const name of golden.before) {
      const earlier = cases.get(name);
      if (earlier === undefined) throw new Error(`there is no case ${name}`);
      expect((await answer(earlier)).headers, name).toMatchObject({ status: 'ok' });
    }
    const { body, headers } = await answer(golden);
    expect(body.toString('utf8')).toBe(golden.response.toString('utf8'));
    expect(body.equals(golden.response)).toBe(true);
    const status = golden.response.includes('status="ok"') ? 'ok' : 'fail';
    expect(headers).toEqual({ ...golden.headers, status });
  });
});

test('each method has a folder, with its example, and every folder but that of faults before a method is a method', () => {
  const folders = new Set([...cases.keys()].map((name) => name.split('/')[0]));
  expect(folders).toEqual(new Set([...methods.map(({ name }) => name), 'request']));
  for (const { name } of methods) expect(cases.has(`${name}/example`)).toBe(true);
});

test('every fault that a document alone can cause has a case', () => {
  const answers = [...cases.values()].map(({ response }) => response.toString('utf8'));
  // The other three need a limit, a clock or a defect, and are tested where those are.
  const elsewhere = new Set(['REQUEST_TOO_LARGE', 'EXPIRED', 'INTERNAL_ERROR']);
  for (const code of Object.keys(FAULT_CODES).filter((one) => !elsewhere.has(one))) {
    expect(
      answers.some((text) => text.includes(`<code>${code}</code>`)),
      code,
    ).toBe(true);
  }
});
