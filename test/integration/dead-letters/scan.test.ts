import { expect, test } from 'vitest';

import { createRequest, getRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { openQueue, parsed, Queues, run } from './letters.ts';

const names = freshNames();
const queues = Queues.forSuite(names);

test('list shows reference, cause, attempts, time and method of a letter from a worker', async () => {
  const before = Date.now();
  const referenceId = await queues.bury('INTERNAL_ERROR', { messageId: 'one' }, getRequest(1));
  const { code, out } = await run(names, ['list']);
  expect(code).toBe(0);
  expect(out).toHaveLength(3);
  expect(out[1]).toMatch(new RegExp(`^${referenceId} +INTERNAL_ERROR +5 +\\S+Z +contact.get$`));
  expect(out[2]).toBe('1 letter');
  const [letter] = parsed(await run(names, ['list', '--json']));
  expect(letter).toMatchObject({ reference: referenceId, cause: 'INTERNAL_ERROR', attempts: 5, method: 'contact.get' });
  expect(Date.parse(String(letter?.['time']))).toBeGreaterThanOrEqual(before);
});

test('list shows message id and reason of a letter from the broker', async () => {
  queues.channel.sendToQueue(queues.requests, Buffer.from(getRequest(1)), { messageId: 'late', expiration: '1' });
  await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 1 });
  const [letter] = parsed(await run(names, ['list', '--json']));
  expect(letter).toEqual({ reference: 'late', cause: 'expired', time: expect.any(String), method: 'contact.get' });
  expect(Math.abs(Date.parse(String(letter?.['time'])) - Date.now())).toBeLessThan(60_000);
});

test('a letter without ids is shown by its hash', async () => {
  queues.channel.sendToQueue(queues.requests, Buffer.from('not XML'), { expiration: '1' });
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 1 });
  const [letter] = parsed(await run(names, ['list', '--json']));
  expect(letter?.['method']).toBeUndefined();
  const shown = await run(names, ['show', String(letter?.['reference'])]);
  expect(shown.out.join('\n')).toContain('not XML');
});

test('show prints only the letter with the given reference or message id, completely', async () => {
  await queues.bury('INTERNAL_ERROR', { messageId: 'other' });
  const properties = { messageId: 'one', correlationId: 'c1', replyTo: 'answers', headers: { own: 'header' } };
  const referenceId = await queues.bury('INTERNAL_ERROR', properties);
  for (const reference of [referenceId, 'one']) {
    const letters = parsed(await run(names, ['show', reference, '--json']));
    expect(letters).toMatchObject([
      {
        reference: referenceId,
        properties: { message_id: 'one', correlation_id: 'c1', reply_to: 'answers' },
        headers: { own: 'header', 'diagnosis-code': 'INTERNAL_ERROR' },
        body: createRequest(),
      },
    ]);
  }
  const { out } = await run(names, ['show', referenceId]);
  for (const part of ['answers', 'own', 'c1', createRequest()]) expect(out.join('\n')).toContain(part);
});

test('show of an unknown reference and list of an empty queue exit with 3', async () => {
  expect(await run(names, ['list'])).toMatchObject({ code: 3, out: ['0 letters'] });
  await queues.bury('INTERNAL_ERROR');
  expect(await run(names, ['show', 'nobody'])).toMatchObject({ code: 3, out: [] });
});

test('--reason limits the list to one cause', async () => {
  await queues.buryMany(5);
  const letters = parsed(await run(names, ['list', '--reason', 'answer_refused', '--json']));
  expect(letters.map(({ cause }) => cause)).toEqual(['ANSWER_REFUSED', 'ANSWER_REFUSED']);
});

test('repeated scans of 1,000 letters lose none and keep their order', async () => {
  await queues.buryMany(1_000);
  const wanted = Array.from({ length: 1_000 }, (_, nth) => String(nth));
  await run(names, ['list']);
  await run(names, ['show', '500']);
  await run(names, ['list', '--reason', 'INTERNAL_ERROR']);
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 1_000 });
  expect(await queues.drainIds(queues.dead)).toEqual(wanted);
});

test('the order holds for more letters than the broker buffers commands per channel', async () => {
  await queues.buryMany(8_000);
  const wanted = Array.from({ length: 8_000 }, (_, nth) => String(nth));
  await run(names, ['list']);
  const seen: string[] = [];
  const queue = await openQueue(names);
  await queue.visit({
    decide: ({ properties }) => {
      seen.push(String(properties['message_id']));
      return 'keep';
    },
  });
  await queue.close();
  expect(seen).toEqual(wanted);
});

test('letters that arrive during a visit are not visited, and stay', async () => {
  await queues.bury('INTERNAL_ERROR', { messageId: 'early' });
  const queue = await openQueue(names);
  const seen: unknown[] = [];
  const late: Promise<string>[] = [];
  await queue.visit({
    decide: ({ properties }) => {
      seen.push(properties['message_id']);
      if (late.length === 0) late.push(queues.bury('INTERNAL_ERROR', { messageId: 'late' }));
      return 'keep';
    },
    pause: async () => void (await Promise.all(late)),
  });
  await queue.close();
  expect(seen).toEqual(['early']);
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 2 });
});

test('two concurrent lists both end, and no letter is lost', async () => {
  await queues.buryMany(500);
  const runs = await Promise.all([run(names, ['list', '--json']), run(names, ['list', '--json'])]);
  for (const { code } of runs) expect([0, 3]).toContain(code);
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 500 });
});
