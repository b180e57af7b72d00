import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { freePort } from '../../../infrastructure/addresses.ts';
import { contactIdIn, createRequest, deleteRequest, jane, updateRequest } from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { Queues } from '../dead-letters/letters.ts';
import { asker, startConsole, succeeding, type AskOptions, type TestConsole } from './console-process.ts';

const port = await freePort();
const running = runningWorker({ HTTP_PORT: String(port) });
const queues = Queues.forSuite(running.names);
const log = join(mkdtempSync(join(tmpdir(), 'contacts-console-')), 'log');
let page: TestConsole;

beforeAll(async () => {
  writeFileSync(log, '');
  const args = ['--metrics', `http://127.0.0.1:${port}/metrics`, '--undo', '0.2', '--log', log];
  page = await startConsole(running.names, args, { MONGODB_URL: running.names.mongodbUrl });
});
afterAll(() => page.stop());

const api = <T>(path: string, options?: AskOptions): Promise<T> => succeeding<T>(page, path, options);

type Row = Readonly<Record<'id' | 'reference' | 'cause', string>>;

interface Job {
  readonly job: string;
  readonly state: string;
  readonly settled: number;
}

const preview = (body: Readonly<Record<string, unknown>>): Promise<{ readonly plan: string; readonly count: number }> =>
  api('/api/dead-letters/preview', { body });
const start = (plan: string): Promise<Job> => api('/api/dead-letters/jobs', { body: { plan } });

describe('overview', () => {
  test('rates, latencies, depth and workers, from the broker and the metrics', async () => {
    await running.requester.request(createRequest());
    await expect
      .poll(() => api('/api/overview'), { timeout: 20_000 })
      .toMatchObject({
        queue: running.names.queue,
        requests: { messages: 0, consumers: 1 },
        dead_letters: { messages: 0 },
        verdicts: [{ level: 'ok' }],
        workers: [{ name: `127.0.0.1:${port}`, state: 'consuming', reasons: [] }],
        methods: [{ method: 'contact.create', total: 1 }],
      });
    // A rate needs two looks with requests between them.
    await expect
      .poll(
        async () => {
          await running.requester.request(createRequest());
          const { history } = await api<{ history: { ok_per_second: number; p95_ms: number | null }[] }>(
            '/api/overview',
          );
          return history.some(({ ok_per_second, p95_ms }) => ok_per_second > 0 && (p95_ms ?? 0) > 0);
        },
        { timeout: 20_000 },
      )
      .toBe(true);
  });

  test('a dead letter is a verdict', async () => {
    await queues.bury('INTERNAL_ERROR', { messageId: '1' });
    await expect
      .poll(() => api('/api/overview'), { timeout: 20_000 })
      .toMatchObject({ verdicts: [{ level: 'warning', text: '1 dead letter needs a person.' }] });
  });
});

describe('dead letters', () => {
  test('they are listed with their reason, filtered and searched', async () => {
    const [first] = [await queues.bury('INTERNAL_ERROR', { messageId: 'order-1' }), await queues.buryMany(3)];
    const all = await api<{ letters: Row[] }>('/api/dead-letters');
    expect(all).toMatchObject({ total: 4, matched: 4, reasons: { INTERNAL_ERROR: 3, ANSWER_REFUSED: 1 } });
    expect(all.letters[0]).toMatchObject({ reference: first, cause: 'INTERNAL_ERROR', method: 'contact.create' });
    expect(await api('/api/dead-letters?reason=answer_refused')).toMatchObject({ matched: 1, total: 4 });
    expect(await api('/api/dead-letters?search=ORDER')).toMatchObject({ matched: 1, letters: [{ reference: first }] });
    expect(await api('/api/dead-letters?limit=2')).toMatchObject({ matched: 4, letters: [{}, {}] });
  });

  test('one is sent back: a worker answers it, and a second confirmation is refused', async () => {
    const correlationId = randomUUID();
    const ids = { messageId: randomUUID(), replyTo: running.requester.replyTo, correlationId };
    await queues.bury('INTERNAL_ERROR', ids);
    await queues.bury('INTERNAL_ERROR', { messageId: '2' });
    const { letters } = await api<{ letters: Row[] }>('/api/dead-letters');
    const { plan, count } = await preview({ action: 'send-back', ids: [letters[0]!.id] });
    expect(count).toBe(1);
    const { job } = await start(plan);
    expect((await asker(page)('/api/dead-letters/jobs', { body: { plan } })).status).toBe(409);
    await expect.poll(() => api(`/api/jobs/${job}`)).toMatchObject({ state: 'done', settled: 1, not_found: 0 });
    await expect
      .poll(() => running.requester.answers.map(({ properties }) => properties.correlationId as unknown))
      .toContain(correlationId);
    expect(await queues.depths()).toMatchObject({ dead: 1 });
    expect(page.audit().map(({ event }) => event)).toEqual(expect.arrayContaining(['previewed', 'confirmed', 'ended']));
  });

  test('many are discarded, no more than were counted', async () => {
    await queues.buryMany(250);
    const { plan, count } = await preview({ action: 'discard', all: true, reason: 'ANSWER_REFUSED' });
    expect(count).toBe(125);
    await queues.bury('ANSWER_REFUSED', { messageId: 'a newcomer' });
    const { job } = await start(plan);
    await expect
      .poll(() => api(`/api/jobs/${job}`), { timeout: 20_000 })
      .toMatchObject({ state: 'done', settled: 125, newcomers: 1 });
    expect(await queues.depths()).toMatchObject({ dead: 126 });
  });

  test('until it begins an action can be undone; a console that is stopped undoes it', async () => {
    const own = await startConsole(running.names, ['--undo', '300']);
    await queues.buryMany(2);
    const ask = asker(own);
    const begin = async (): Promise<string> => {
      const counted = await ask('/api/dead-letters/preview', { body: { action: 'discard', all: true } });
      const { plan } = counted.json as { readonly plan: string };
      return ((await ask('/api/dead-letters/jobs', { body: { plan } })).json as Job).job;
    };
    const job = await begin();
    expect((await ask(`/api/jobs/${job}`)).json).toMatchObject({ state: 'waiting' });
    expect((await ask(`/api/jobs/${job}/stop`, { body: {} })).json).toMatchObject({ state: 'undone' });
    expect((await ask(`/api/jobs/${job}/stop`, { body: {} })).status).toBe(409);
    await begin();
    expect(await own.stop()).toBe(0);
    expect(own.audit().at(-1)).toMatchObject({ event: 'ended', state: 'undone', settled: 0 });
    expect(await queues.depths()).toMatchObject({ dead: 2 });
  });

  test('what would be refused again, or could take effect twice, is left in place and named', async () => {
    await queues.bury('REPLY_TO_NOT_ALLOWED', { messageId: '1' });
    await queues.bury('INTERNAL_ERROR');
    await queues.bury('INTERNAL_ERROR', { messageId: '3' });
    const counted = await preview({ action: 'send-back', all: true });
    expect(counted).toMatchObject({
      count: 1,
      left_in_place: [
        { obstacle: 'refused again', count: 1, can_be_forced: true },
        { obstacle: 'not idempotent', count: 1, can_be_forced: true },
      ],
    });
    expect(await preview({ action: 'send-back', all: true, force: true })).toMatchObject({ count: 3 });
    expect(await preview({ action: 'discard', all: true })).toMatchObject({ count: 3 });
  });
});

describe('what happened to a request', () => {
  const story = (reference: string): Promise<Record<string, unknown>> =>
    api(`/api/requests/${encodeURIComponent(reference)}`);

  test('a create, an update and a delete are found in the database by reference', async () => {
    const ids = { create: randomUUID(), update: randomUUID(), delete: randomUUID() };
    const created = createRequest({ ...jane, first_name: 'Ada' });
    const id = contactIdIn((await running.requester.request(created, { messageId: ids.create })).xml);
    const updated = updateRequest(id, { first_name: 'Eve' });
    await running.requester.request(updated, { messageId: ids.update });
    const referenceOf = async (messageId: string, document: string): Promise<string> =>
      (await api<{ reference: string }>('/api/requests', { body: { message_id: messageId, document } })).reference;
    const reference = await referenceOf(ids.create, created);
    expect(await story(reference)).toMatchObject({
      found: true,
      taken: { state: 'yes' },
      executed: { state: 'yes', text: expect.stringMatching(new RegExp(`^created contact ${id} at `)) },
      answered: { state: 'unknown' },
      dead_lettered: { state: 'no' },
    });
    expect(await story(await referenceOf(ids.update, updated))).toMatchObject({
      executed: { state: 'yes', text: `updated contact ${id}` },
    });
    await running.requester.request(deleteRequest(id), { messageId: ids.delete });
    expect(await story(await referenceOf(ids.delete, deleteRequest(id)))).toMatchObject({
      executed: { text: expect.stringMatching(`^deleted contact ${id} at `) },
    });

    // The log knows the message id, and what was answered.
    writeFileSync(log, await running.worker.logText());
    expect(await story(ids.create)).toMatchObject({
      references: [reference],
      executed: { state: 'yes' },
      answered: { state: 'yes', text: 'OK, confirmed by the broker' },
    });
    expect(JSON.stringify(await story(ids.create))).not.toContain('Ada');
  });

  test('a dead letter is found by message id and by correlation id', async () => {
    const [messageId, correlationId] = [randomUUID(), randomUUID()];
    const reference = await queues.bury('ANSWER_REFUSED', { messageId, correlationId });
    for (const wanted of [messageId, correlationId, reference]) {
      expect(await story(wanted)).toMatchObject({
        found: true,
        taken: { state: 'yes' },
        executed: { state: 'yes' },
        answered: { state: 'no', text: 'ANSWER_REFUSED' },
        dead_lettered: { state: 'yes' },
        dead_letters: [{ reference }],
      });
    }
  });

  test('what nothing shows is unknown, not denied', async () => {
    expect(await story(randomUUID())).toMatchObject({
      found: false,
      taken: { state: 'unknown' },
      executed: { state: 'unknown' },
      answered: { state: 'unknown' },
    });
  });
});

describe('a document', () => {
  const MALFORMED = '<request method="contact.get">\n  <contact_id>1</contact>\n</request>';

  test('a fault is marked at its line and column, by the console and by the worker', async () => {
    const marks = [{ code: 'MALFORMED_XML', line: 2, column: expect.any(Number) }];
    const check = await api('/api/documents/check', { body: { document: MALFORMED } });
    expect(check).toMatchObject({ valid: false, marks });
    const sent = await api<{ marks: unknown }>('/api/documents/send', { body: { document: MALFORMED } });
    expect(sent).toMatchObject({ status: 'fail', marks });
    expect(sent.marks).toEqual((check as { marks: unknown }).marks);
  });

  test('faulty fields are marked at their elements', async () => {
    const document = createRequest({ ...jane, email: 'nobody' }).replace('<email>', '\n    <email>');
    expect(await api('/api/documents/check', { body: { document } })).toMatchObject({
      valid: false,
      method: 'contact.create',
      marks: [{ code: 'INVALID_PARAMS', field: 'email', line: 2, column: 5 }],
    });
  });

  test('a valid one is executed and answered, once for a message id', async () => {
    const body = { document: createRequest(), message_id: randomUUID() };
    const answer = await api<{ answer: string }>('/api/documents/send', { body });
    expect(answer).toMatchObject({ status: 'ok', marks: [] });
    const again = await api<{ answer: string }>('/api/documents/send', { body });
    expect(again).toMatchObject({ answer: answer.answer, headers: { repeated: true } });
    expect(page.audit().at(-1)).toMatchObject({ event: 'document-sent', method: 'contact.create', operator: 'Tess' });
    expect(page.errors()).not.toContain('janedoe');
  });
});
