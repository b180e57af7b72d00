import { MongoClient } from 'mongodb';
import { expect } from 'vitest';

import { decode } from '../../src/codec/decode.ts';
import { encode, encodeRows } from '../../src/codec/encode.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { createRegistry } from '../../src/dispatch/registry.ts';
import { apiMethods } from '../../src/methods/index.ts';
import { openStore, type Store } from '../../src/mongo/store.ts';
import { identityOf } from '../../src/pipeline/identity.ts';
import { createPipeline } from '../../src/pipeline/pipeline.ts';
import type { Method } from '../../src/protocol/method.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import { retryUntil } from '../../src/time/retry.ts';
import { freshNames } from '../support/fresh-names.ts';

/** The worker's pipeline, dispatcher, methods and store, without a broker on either side. */
export interface PipelineUnderTest {
  readonly methods: readonly Method[];
  prepare(): Promise<void>;
  /** Removes all contacts; the next contact_id is 1 again. */
  clear(): Promise<void>;
  /** The answer to a request, which must be acknowledged. */
  answer(request: { readonly request: Uint8Array; readonly messageId: string }): Promise<Reply>;
  close(): Promise<void>;
}

interface Worker {
  readonly store: Store;
  readonly methods: readonly Method[];
  readonly dispatcher: Dispatcher;
}

function openWorker(mongodbUrl: string): Worker {
  const store = openStore(mongodbUrl);
  const methods = apiMethods(store.contacts, { listMaxPerPage: 1000, encodeRows });
  const settings = { maxAttempts: 1, slotsPerMethod: 1, maxBatch: 16 };
  const dispatcher = new Dispatcher(createRegistry(methods), settings, retryUntil(new AbortController().signal), {
    retry: () => undefined,
    waiting: () => undefined,
    circuit: () => undefined,
    failing: () => undefined,
  });
  return { store, methods, dispatcher };
}

/** Opens a pipeline on a database of its own. */
export function openPipeline(): PipelineUnderTest {
  const { mongodbUrl } = freshNames();
  const client = new MongoClient(mongodbUrl, { serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 30_000 });
  let current = openWorker(mongodbUrl);
  let reply: Reply | undefined;
  const pipeline = createPipeline({
    guard: () => undefined,
    identify: identityOf,
    admit: () => Promise.resolve({ attemptsBefore: undefined, conclude: (executed) => Promise.resolve(executed) }),
    decode: (body) => decode(body, { maxBytes: 65_536 }),
    knows: (method) => current.dispatcher.knows(method),
    execute: (request, terms) => current.dispatcher.execute(request, terms),
    encode,
    publish: (published) => {
      reply = published;
      return Promise.resolve('routed');
    },
    describe: String,
    report: () => undefined,
  });

  return {
    methods: current.methods,
    prepare: () => current.store.prepare(),
    clear: async () => {
      await Promise.all(['contacts', 'counters'].map((name) => client.db().collection(name).deleteMany({})));
      // A worker that has just created contacts has reserved the next contact_ids.
      await current.store.close();
      current = openWorker(mongodbUrl);
    },
    async answer({ request: body, messageId }) {
      reply = undefined;
      const properties = { appId: undefined, messageId, correlationId: undefined, replyTo: 'golden', headers: {} };
      const settlement = await pipeline({ body, redelivered: false, channel: { gone: false }, properties });
      expect(settlement).toEqual({ kind: 'acknowledge' });
      if (reply === undefined) throw new Error('the pipeline published no answer');
      return reply;
    },
    close: async () => {
      await Promise.all([current.store.close(), client.close()]);
    },
  };
}
