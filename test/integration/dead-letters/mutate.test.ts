import { expect, test } from 'vitest';

import { createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { Queues, run } from './letters.ts';

const names = freshNames();
const queues = Queues.forSuite(names);

test('a letter is sent back as its producer sent the request', async () => {
  const properties = {
    messageId: 'one',
    correlationId: 'c1',
    replyTo: 'answers',
    appId: 'shop',
    type: 'order',
    contentType: 'application/xml',
    contentEncoding: 'utf-8',
    timestamp: 1_700_000_000,
  };
  const referenceId = await queues.bury('INTERNAL_ERROR', {
    ...properties,
    headers: { own: 1, CC: ['elsewhere'] },
  });
  expect(await run(names, ['send-back', referenceId])).toMatchObject({ code: 0, out: ['1 letter sent back.'] });
  await expect.poll(() => queues.depths()).toEqual({ requests: 1, dead: 0 });
  const [request] = await queues.drain(queues.requests);
  expect(request?.content.toString()).toBe(createRequest());
  expect(request?.properties).toMatchObject({ ...properties, deliveryMode: 2 });
  expect(request?.properties.headers).toEqual({ own: 1, 'sent-back': 1 });
});

test('an expired request is sent back without the broker’s headers, and does not expire again', async () => {
  queues.channel.sendToQueue(queues.requests, Buffer.from(createRequest()), {
    messageId: 'late',
    expiration: '1',
    userId: 'guest',
    headers: { own: 1 },
  });
  await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 1 });
  await run(names, ['list']);
  expect(await run(names, ['send-back', 'late'])).toMatchObject({ code: 0 });
  const [request] = await queues.drain(queues.requests);
  expect(request?.properties).toMatchObject({ messageId: 'late', expiration: undefined, userId: undefined });
  expect(request?.properties.headers).toEqual({ own: 1, 'sent-back': 1 });
});

test('the header sent-back counts how often a request was sent back', async () => {
  const referenceId = await queues.bury('INTERNAL_ERROR', { messageId: 'one', headers: { 'sent-back': 2 } });
  await run(names, ['send-back', referenceId]);
  const [request] = await queues.drain(queues.requests);
  expect(request?.properties.headers).toEqual({ 'sent-back': 3 });
});

test('a dry run shows the letters and their count, and changes nothing', async () => {
  await queues.buryMany(3);
  for (const action of ['send-back', 'discard']) {
    const { code, out } = await run(names, [action, '--all', '--dry-run']);
    expect(code).toBe(0);
    expect(out).toHaveLength(5);
    expect(out[4]).toMatch(/^Nothing was changed\. 3 letters would /);
  }
  await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 3 });
});

test('without a terminal, more than one letter needs --yes', async () => {
  await queues.buryMany(3);
  const refused = await run(names, ['discard', '--all']);
  expect(refused.code).toBe(2);
  expect(refused.err[0]).toBe('3 letters would be discarded for good.');
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 3 });
  expect(await run(names, ['discard', '--all', '--yes'])).toMatchObject({ code: 0, out: ['3 letters discarded.'] });
  await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 0 });
});

test('a declined confirmation changes nothing', async () => {
  await queues.buryMany(2);
  expect(await run(names, ['send-back', '--all'], () => Promise.resolve(false))).toMatchObject({ code: 1 });
  await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 2 });
});

test('a letter that arrives after the count is left in place', async () => {
  await queues.buryMany(2);
  const late = async (): Promise<boolean> => {
    await queues.bury('INTERNAL_ERROR', { messageId: 'late' });
    return true;
  };
  expect(await run(names, ['discard', '--all'], late)).toMatchObject({ code: 0, out: ['2 letters discarded.'] });
  expect(await queues.drainIds(queues.dead)).toEqual(['late']);
});

test('of 1,000 letters, those of one cause are sent back in order, and the rest keep their order', async () => {
  await queues.buryMany(1_000);
  const { code, out } = await run(names, ['send-back', '--all', '--reason', 'ANSWER_REFUSED', '--yes']);
  expect({ code, out }).toEqual({ code: 0, out: ['500 letters sent back.'] });
  await expect.poll(() => queues.depths()).toEqual({ requests: 500, dead: 500 });
  expect(await queues.drainIds(queues.dead)).toEqual(Array.from({ length: 500 }, (_, nth) => String(2 * nth)));
  expect(await queues.drainIds(queues.requests)).toEqual(Array.from({ length: 500 }, (_, nth) => String(2 * nth + 1)));
});

test('none of thousands of discarded letters comes back', async () => {
  await queues.buryMany(5_000);
  expect(await run(names, ['discard', '--all', '--yes'])).toEqual({
    code: 0,
    out: ['5000 letters discarded.'],
    err: [],
  });
  await expect.poll(() => queues.channel.checkQueue(queues.dead)).toMatchObject({ messageCount: 0, consumerCount: 0 });
});

test.each(['REPLY_TO_OWN_QUEUE', 'REPLY_TO_NOT_ALLOWED'])(
  '%s would be refused again, so it needs --force',
  async (cause) => {
    const referenceId = await queues.bury(cause, { messageId: 'one' });
    const held = await run(names, ['send-back', referenceId]);
    expect(held).toMatchObject({ code: 1, out: [] });
    expect(held.err[0]).toContain('--force');
    await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 1 });
    expect(await run(names, ['send-back', referenceId, '--force'])).toMatchObject({ code: 0 });
    await expect.poll(() => queues.depths()).toEqual({ requests: 1, dead: 0 });
  },
);

test('a request that may have taken effect and has no message id needs --force, and does not block the others', async () => {
  await queues.bury('ANSWER_REFUSED', { correlationId: 'c1' });
  await queues.bury('ANSWER_REFUSED', { messageId: 'one' });
  const sent = await run(names, ['send-back', '--all']);
  expect(sent).toMatchObject({ code: 0, out: ['1 letter sent back.'] });
  expect(sent.err[0]).toContain('no message_id');
  await expect.poll(() => queues.depths()).toEqual({ requests: 1, dead: 1 });
});

test('letters that the request queue refuses stay, which is reported', async () => {
  await queues.buryMany(2);
  await queues.channel.deleteQueue(queues.requests);
  await queues.channel.assertQueue(queues.requests, {
    durable: true,
    arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' },
  });
  const { code, out, err } = await run(names, ['send-back', '--all', '--yes']);
  expect({ code, out }).toEqual({ code: 1, out: ['0 letters sent back.'] });
  expect(err[0]).toBe(`2 letters not sent back: the queue ${queues.requests} refused it.`);
  await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 2 });
  await queues.redeclareRequests();
});

test('without a request queue the letters stay, which is reported', async () => {
  await queues.bury('INTERNAL_ERROR', { messageId: 'one' });
  await queues.channel.deleteQueue(queues.requests);
  const { code, err } = await run(names, ['send-back', 'one']);
  expect(code).toBe(1);
  expect(err[0]).toBe(`1 letter not sent back: there is no queue ${queues.requests}.`);
  await expect.poll(() => queues.channel.checkQueue(queues.dead)).toMatchObject({ messageCount: 1 });
  await queues.redeclareRequests();
});
