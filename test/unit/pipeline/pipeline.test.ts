import { beforeEach, expect, test } from 'vitest';

import { createPipeline, type Stages } from '../../../src/pipeline/pipeline.ts';
import { identityOf } from '../../../src/pipeline/identity.ts';
import type { Delivery } from '../../../src/protocol/delivery.ts';
import type { Executed } from '../../../src/protocol/execution.ts';
import { PublisherStoppedError, type Reply } from '../../../src/protocol/reply.ts';
import type { RequestReport } from '../../../src/protocol/request-report.ts';
import { fault } from '../../../src/protocol/fault.ts';
import { fail, ok } from '../../../src/protocol/response.ts';

let steps: string[];
let replies: Reply[];
let reports: RequestReport[];

beforeEach(() => {
  steps = [];
  replies = [];
  reports = [];
});

/** Stages that write down when they are entered. `changed` replaces some. */
function stages(changed: Partial<Stages> = {}): Stages {
  const step = <Args extends unknown[], Value>(name: string, stage: (...args: Args) => Value) => {
    return (...args: Args): Value => {
      steps.push(name);
      return stage(...args);
    };
  };
  const all: Stages = {
    guard: () => undefined,
    identify: identityOf,
    admit: () =>
      Promise.resolve({
        attemptsBefore: undefined,
        conclude: step('conclude', (executed) => Promise.resolve(executed)),
      }),
    decode: () => ({ ok: true, request: { method: 'm', body: [] } }),
    knows: (method) => method === 'm',
    execute: () => Promise.resolve({ kind: 'done', response: ok(), attempts: 1, batch: 4 }),
    encode: (response) => Buffer.from(response.status),
    publish: (reply) => {
      replies.push(reply);
      return Promise.resolve('routed');
    },
    describe: (error) => (error as Error).message,
    report: (report) => void reports.push(report),
    ...changed,
  };
  return {
    ...all,
    guard: step('guard', all.guard),
    identify: step('identify', all.identify),
    admit: step('admit', all.admit),
    decode: step('decode', all.decode),
    execute: step('execute', all.execute),
    encode: step('respond', all.encode),
    publish: step('publish', all.publish),
    report: step('report', all.report),
  };
}

function delivery(properties: Partial<Delivery['properties']> = {}, more: Partial<Delivery> = {}): Delivery {
  const none = { appId: undefined, messageId: undefined, correlationId: undefined, replyTo: undefined, headers: {} };
  return {
    body: Buffer.from('<request/>'),
    redelivered: false,
    channel: { gone: false },
    properties: { ...none, ...properties },
    ...more,
  };
}

const asks = { replyTo: 'answers', correlationId: 'c', messageId: 'm-1' };

test('a request passes the stages in the order that docs/lifecycle.md draws', async () => {
  const settlement = await createPipeline(stages())(delivery(asks));
  expect(steps).toEqual([
    'guard',
    'identify',
    'admit',
    'decode',
    'execute',
    'conclude',
    'respond',
    'publish',
    'report',
  ]);
  expect(settlement).toEqual({ kind: 'acknowledge' });
  expect(replies).toEqual([
    { to: 'answers', correlationId: 'c', type: 'm', headers: { status: 'ok' }, body: Buffer.from('ok') },
  ]);
  expect(reports).toEqual([
    expect.objectContaining({ method: 'm', status: 'ok', code: 'OK', attempts: 1, batch: 4, reply: 'routed' }),
  ]);
});

test('a request without reply_to is executed and reported, and nothing is published', async () => {
  const settlement = await createPipeline(stages())(delivery());
  expect(steps).not.toContain('publish');
  expect(settlement).toEqual({ kind: 'acknowledge' });
  expect(reports).toMatchObject([{ status: 'ok', reply: 'none' }]);
});

test('a refused request is neither admitted nor answered', async () => {
  const guard = () => ({ kind: 'refused', reason: 'REPLY_TO_OWN_QUEUE' }) as const;
  const settlement = await createPipeline(stages({ guard }))(delivery(asks));
  expect(steps).toEqual(['guard', 'identify', 'report']);
  expect(settlement).toMatchObject({ kind: 'dead-letter', diagnosis: { code: 'REPLY_TO_OWN_QUEUE', attempts: 0 } });
  expect(reports).toMatchObject([{ method: 'request', status: 'refused', code: 'REPLY_TO_OWN_QUEUE' }]);
});

test('a refusal with a response is answered and dead-lettered', async () => {
  const response = fail(fault('INVALID_REQUEST', 'unreadable'));
  const guard = () => ({ kind: 'refused', reason: 'UNREADABLE_PROPERTIES', response }) as const;
  const settlement = await createPipeline(stages({ guard }))(delivery(asks));
  expect(steps).toEqual(['guard', 'identify', 'respond', 'publish', 'report']);
  expect(replies).toMatchObject([{ type: 'request', headers: { status: 'fail' } }]);
  expect(settlement).toMatchObject({ kind: 'dead-letter', diagnosis: { code: 'UNREADABLE_PROPERTIES' } });
  expect(reports).toMatchObject([{ status: 'refused', reply: 'routed' }]);
});

test.each(['appId', 'messageId', 'correlationId'])('a request whose %s is not UTF-8 is not admitted', async (name) => {
  const settlement = await createPipeline(stages())(delivery({ ...asks, [name]: 'x\uFFFD' }));
  expect(steps).toEqual(['guard', 'identify', 'respond', 'publish', 'report']);
  expect(settlement).toEqual({ kind: 'acknowledge' });
  expect(reports).toMatchObject([{ status: 'fail', code: 'INVALID_REQUEST' }]);
});

test('an id that is not UTF-8 is not returned as correlation_id', async () => {
  await createPipeline(stages())(delivery({ ...asks, correlationId: '\uFFFD' }));
  await createPipeline(stages())(delivery({ replyTo: 'answers', messageId: '\uFFFD' }));
  expect(replies.map(({ correlationId }) => correlationId)).toEqual(['m-1', undefined]);
});

test('a result that is known from an earlier delivery is answered without an execution', async () => {
  const acknowledged = (): void => undefined;
  const error = new Error('before');
  const known: Executed = {
    method: 'm',
    execution: { kind: 'defect', first: error, last: error, attempts: 3, batch: 1 },
    acknowledged,
  };
  const settlement = await createPipeline(stages({ admit: () => Promise.resolve(known) }))(delivery(asks));
  expect(steps).toEqual(['guard', 'identify', 'admit', 'respond', 'publish', 'report']);
  expect(settlement).toMatchObject({ kind: 'dead-letter', diagnosis: { attempts: 3 }, acknowledged });
  expect(reports).toMatchObject([{ status: 'fail', code: 'INTERNAL_ERROR', error }]);
});

test.each(['decode', 'execute'] as const)(
  'an error that %s throws is a defect, and the admission is concluded',
  async (stage) => {
    const broken = new Error('broken');
    const failing = (): never => {
      throw broken;
    };
    const settlement = await createPipeline(stages({ [stage]: failing }))(delivery(asks));
    expect(steps.filter((name) => name === 'conclude')).toHaveLength(1);
    expect(settlement).toMatchObject({
      kind: 'dead-letter',
      diagnosis: { code: 'INTERNAL_ERROR', lastError: 'broken' },
    });
  },
);

test('a fault of the document is answered under its method, where that is known', async () => {
  const problem = fault('INVALID_REQUEST', 'not a request');
  const decode = (method?: string): Partial<Stages> => ({
    decode: () => ({ ok: false, fault: problem, ...(method !== undefined && { method }) }),
  });
  for (const method of ['m', 'other', undefined]) await createPipeline(stages(decode(method)))(delivery(asks));
  expect(replies.map(({ type }) => type)).toEqual(['m', 'request', 'request']);
  expect(steps).not.toContain('execute');
});

test('a deadline that is none is the caller’s mistake', async () => {
  const late = delivery({ ...asks, headers: { deadline: 'tomorrow' } });
  expect(await createPipeline(stages())(late)).toEqual({ kind: 'acknowledge' });
  expect(steps).not.toContain('execute');
  expect(reports).toMatchObject([{ code: 'INVALID_REQUEST' }]);
});

test('an abandoned request is not answered, and goes back to the queue', async () => {
  for (const gone of [false, true]) {
    const pipeline = createPipeline(stages({ execute: () => Promise.resolve({ kind: 'abandoned' }) }));
    expect(await pipeline(delivery(asks, { channel: { gone } }))).toEqual({ kind: 'hand-back' });
  }
  expect(replies).toEqual([]);
  expect(reports.map(({ status, code }) => `${status} ${code}`)).toEqual([
    'handed-back STOPPING',
    'handed-back CHANNEL_GONE',
  ]);
});

test('an answer that the stopped publisher did not send goes back to the queue; any other error of it rejects', async () => {
  const stopped = createPipeline(stages({ publish: () => Promise.reject(new PublisherStoppedError()) }));
  expect(await stopped(delivery(asks))).toEqual({ kind: 'hand-back' });
  expect(reports).toMatchObject([{ method: 'm', status: 'handed-back', reply: 'none' }]);
  const broken = createPipeline(stages({ publish: () => Promise.reject(new Error('broken')) }));
  await expect(broken(delivery(asks))).rejects.toThrow('broken');
});

test('only a message id that is a UUID is reported: any other text could identify a person', async () => {
  const uuid = '0b5e2f6c-6c1d-4f7e-9a39-1f2f3a4b5c6d';
  for (const messageId of [uuid, 'jane.doe@example.com']) await createPipeline(stages())(delivery({ messageId }));
  expect(reports.map(({ messageId }) => messageId)).toEqual([uuid, undefined]);
});
