import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { decode } from '../../src/codec/decode.ts';
import { encode } from '../../src/codec/encode.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { createRegistry } from '../../src/dispatch/registry.ts';
import { apiMethods } from '../../src/methods/index.ts';
import { openStore } from '../../src/mongo/store.ts';
import { identityOf } from '../../src/pipeline/identity.ts';
import { createPipeline } from '../../src/pipeline/pipeline.ts';
import { FAULT_CODES } from '../../src/protocol/catalogue.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import { retryUntil } from '../../src/time/retry.ts';
import { freshNames } from '../support/fresh-names.ts';
import { goldenCases, type GoldenCase } from './golden-cases.ts';

const { mongodbUrl } = freshNames();
const store = openStore(mongodbUrl);
const client = new MongoClient(mongodbUrl, { serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 30_000 });
const methods = apiMethods(store.contacts, { listMaxPerPage: 1000 });
const settings = { maxAttempts: 1, slotsPerMethod: 1, maxBatch: 16 };
const dispatcher = new Dispatcher(createRegistry(methods), settings, retryUntil(new AbortController().signal), {
  retry: () => undefined,
  waiting: () => undefined,
  circuit: () => undefined,
  failing: () => undefined,
});

let reply: Reply | undefined;
const pipeline = createPipeline({
  guard: () => undefined,
  identify: identityOf,
  admit: () => Promise.resolve({ attemptsBefore: undefined, conclude: (executed) => Promise.resolve(executed) }),
  decode: (body) => decode(body, { maxBytes: 65_536 }),
  knows: (method) => dispatcher.knows(method),
  execute: (request, terms) => dispatcher.execute(request, terms),
  encode,
  publish: (published) => {
    reply = published;
    return Promise.resolve('routed');
  },
  describe: String,
  report: () => undefined,
});

const cases = goldenCases();

beforeAll(() => store.prepare());
// Without a counter the first contact_id is 1 again.
beforeEach(() => Promise.all(['contacts', 'counters'].map((name) => client.db().collection(name).deleteMany({}))));
afterAll(() => Promise.all([store.close(), client.close()]));

/**
 * The answer to a request: the worker's pipeline, dispatcher, methods and store, between broker and
 * broker.
 */
async function answer({ request: body, messageId }: GoldenCase): Promise<Reply> {
  reply = undefined;
  const properties = { appId: undefined, messageId, correlationId: undefined, replyTo: 'golden', headers: {} };
  const settlement = await pipeline({ body, redelivered: false, channel: { gone: false }, properties });
  expect(settlement).toEqual({ kind: 'acknowledge' });
  if (reply === undefined) throw new Error('the pipeline published no answer');
  return reply;
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
