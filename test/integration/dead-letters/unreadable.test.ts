import { beforeEach, expect, test } from 'vitest';

import { createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { nestedTables, publishRaw } from '../../support/raw-publish.ts';
import { parsed, Queues, run } from './letters.ts';

const names = freshNames();
const queues = Queues.forSuite(names);

beforeEach(async () => {
  await queues.bury('INTERNAL_ERROR', { messageId: 'before' });
  await buryUnreadable('c1');
  await queues.bury('INTERNAL_ERROR', { messageId: 'behind' });
});

async function buryUnreadable(correlationId: string): Promise<void> {
  const channel = await queues.model.createChannel();
  const headers = nestedTables('poison', 8_000);
  publishRaw(channel, queues.dead, Buffer.from(createRequest()), { headers, correlationId });
  await channel.close();
}

async function referenceOfUnreadable(): Promise<string> {
  const [letter] = parsed(await run(names, ['list', '--reason', 'unreadable', '--json']));
  return String(letter?.['reference']);
}

test('a letter whose headers cannot be decoded is listed with its size, and its neighbours as usual', async () => {
  const letters = parsed(await run(names, ['list', '--json']));
  expect(letters.map(({ cause }) => cause)).toEqual(['INTERNAL_ERROR', 'unreadable', 'INTERNAL_ERROR']);
  expect(letters[1]).toMatchObject({ method: 'contact.create', bytes: createRequest().length });
  expect(letters[0]).not.toHaveProperty('bytes');
  const { out } = await run(names, ['list']);
  expect(out[2]).toMatch(
    new RegExp(`^hash-\\S+ +unreadable +- +- +contact\\.create \\(${createRequest().length} bytes\\)$`),
  );
});

test('show prints the readable parts, and says which are unreadable', async () => {
  const reference = await referenceOfUnreadable();
  const text = (await run(names, ['show', reference])).out.join('\n');
  for (const part of [/^headers: cannot be read/m, /^correlation_id +c1$/m, createRequest()])
    expect(text).toMatch(part);
  const [letter] = parsed(await run(names, ['show', reference, '--json']));
  expect(letter).toMatchObject({
    unreadable: 'properties',
    properties: { correlation_id: 'c1' },
    body: createRequest(),
  });
});

test('an unreadable letter can be discarded alone', async () => {
  expect(await run(names, ['discard', await referenceOfUnreadable()])).toMatchObject({ code: 0 });
  expect(await queues.drainIds(queues.dead)).toEqual(['before', 'behind']);
});

test('an unreadable letter can be discarded with all others', async () => {
  expect(await run(names, ['discard', '--all', '--yes'])).toMatchObject({ code: 0, out: ['3 letters discarded.'] });
  await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 0 });
});

test.each([[[]], [['--force']]])(
  'an unreadable letter stays, which is reported, while the others are sent back: %j',
  async (options) => {
    const { code, out, err } = await run(names, ['send-back', '--all', '--yes', ...options]);
    expect({ code, out }).toEqual({ code: 0, out: ['2 letters sent back.'] });
    expect(err).toEqual([
      expect.stringMatching(/^1 letter left in place: parts of the letter cannot be read.*can be discarded\.$/),
    ]);
    await expect.poll(() => queues.depths()).toEqual({ requests: 2, dead: 1 });
  },
);

test('of two unreadable letters with different ids, only the counted one is discarded', async () => {
  const { out, err } = await run(names, ['discard', '--all'], async () => {
    await buryUnreadable('c2');
    return true;
  });
  expect(out).toEqual(['3 letters discarded.']);
  expect(err).toContain('1 letter came after the count; left in place.');
  const [letter] = parsed(await run(names, ['show', await referenceOfUnreadable(), '--json']));
  expect(letter).toMatchObject({ properties: { correlation_id: 'c2' } });
});
