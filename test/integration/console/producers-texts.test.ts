import { afterAll, beforeAll, expect, test } from 'vitest';

import { createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { Queues } from '../dead-letters/letters.ts';
import { asker, startConsole, succeeding, type TestConsole } from './console-process.ts';

const names = freshNames();
const queues = Queues.forSuite(names);
let page: TestConsole;

beforeAll(async () => {
  page = await startConsole(names, ['--metrics', 'http://127.0.0.1:9/metrics']);
});
afterAll(() => page.stop());

interface Letter {
  readonly id: string;
  readonly cause: string;
  readonly last_error: string | null;
  readonly hidden_headers: number;
  readonly headers: Readonly<Record<string, unknown>>;
}

const list = async (search = ''): Promise<Letter[]> =>
  (await succeeding<{ letters: Letter[] }>(page, `/api/dead-letters?search=${search}`)).letters;
const letter = (id: string): Promise<Letter> => succeeding(page, `/api/dead-letters/${id}`);

/** A letter with these headers, as any program with the right to write to the queue makes it. */
async function plant(headers: Readonly<Record<string, unknown>>): Promise<void> {
  queues.channel.sendToQueue(queues.dead, Buffer.from(createRequest()), { headers });
  await queues.channel.waitForConfirms();
}

test('an error is cut in the list, whole on the page of the letter, and searched as a whole', async () => {
  const error = `Error ${'x'.repeat(20_000)}\u001b[2J needle`;
  for (let nth = 0; nth < 20; nth += 1) {
    await plant({ 'diagnosis-code': 'INTERNAL_ERROR', 'diagnosis-first-error': error, 'diagnosis-last-error': error });
  }
  const answer = await asker(page)('/api/dead-letters');
  expect(answer.text.length).toBeLessThan(30_000);
  const [first] = await list('needle');
  expect(first?.last_error).toHaveLength(201);
  const { last_error } = await letter(first!.id);
  expect(last_error).toHaveLength(error.length + 5);
  expect(last_error).toMatch(/\\u\{1b\}\[2J needle$/);
});

test('what a producer wrote into the headers of the diagnosis is hidden once the broker dead-letters it', async () => {
  const headers = {
    'diagnosis-last-error': 'Jane Doe',
    'diagnosis-first-error': 'Jane Doe',
    'diagnosis-code': 'Jane Doe',
  };
  queues.channel.sendToQueue(queues.requests, Buffer.from(createRequest()), { headers, expiration: '0' });
  await expect.poll(() => queues.depths(), { timeout: 20_000 }).toMatchObject({ dead: 1 });
  const [row] = await list();
  expect(row).toMatchObject({ cause: 'unknown', last_error: '(hidden, 8 characters)' });
  const shown = await letter(row!.id);
  expect(JSON.stringify(shown)).not.toContain('Jane');
  expect(shown).toMatchObject({
    hidden_headers: 1,
    headers: { 'x-death': [{ reason: 'expired', queue: names.queue, 'routing-keys': [names.queue] }] },
  });
  expect(await list('jane')).toEqual([]);
});

test('a header of the worker or the broker with another form is hidden, and so is every other', async () => {
  const jane = 'Jane Doe, +49 123';
  const deaths = [{ reason: jane, queue: jane, exchange: jane, count: 1, 'routing-keys': [jane], more: jane }];
  const forged = ['diagnosis-code', 'diagnosis-attempts', 'diagnosis-time', 'publish-id', 'sent-back', 'deadline'];
  await plant({
    ...Object.fromEntries(forged.map((name) => [name, jane])),
    'diagnosis-jane': 'Jane',
    'diagnosis-dropped': 'Jane',
    [jane]: 1,
    'x-death': deaths,
    'x-first-death-queue': jane,
    'x-first-death-reason': jane,
    'x-delivery-count': jane,
  });
  const [row] = await list();
  const shown = await letter(row!.id);
  expect(JSON.stringify(shown)).not.toContain('Jane');
  expect(shown.hidden_headers).toBe(10);
  const revealed = await succeeding(page, `/api/dead-letters/${row!.id}/reveal`, { body: {} });
  expect(revealed).toMatchObject({ headers: { 'diagnosis-jane': 'Jane', [jane]: 1 } });
  expect(page.audit().at(-1)).toMatchObject({ event: 'personal-data-shown', id: row!.id });
});
