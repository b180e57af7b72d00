import type { Options } from 'amqplib';
import { afterAll, expect, test } from 'vitest';

import { publishAmqp10 } from '../../support/amqp10-publish.ts';
import { createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { publishRaw } from '../../support/raw-publish.ts';
import { startBroker, type OwnServer } from '../../support/servers.ts';
import { Queues, run, type Run } from './letters.ts';

const names = freshNames();
const queues = Queues.forSuite(names);

/** Publishes `letter` between two valid letters. */
async function buryAmongOthers(letter: Options.Publish): Promise<void> {
  await queues.bury('INTERNAL_ERROR', { messageId: 'before' });
  await queues.bury('INTERNAL_ERROR', letter);
  await queues.bury('INTERNAL_ERROR', { messageId: 'behind' });
}

async function expectOthersSent({ out }: Run): Promise<void> {
  expect(out).toEqual(['2 letters sent back.']);
  await expect.poll(() => queues.depths()).toEqual({ requests: 2, dead: 1 });
  expect(await queues.drainIds(queues.requests)).toEqual(['before', 'behind']);
}

test('a header that cannot be encoded fails only its own letter, which is named', async () => {
  await queues.bury('INTERNAL_ERROR', { messageId: 'before' });
  const channel = await queues.model.createChannel();
  // `odd` is a table with the entry `!`, which amqplib interprets as a type when it encodes.
  const headers = Buffer.from('\u0003oddF\0\0\0\u000f\u0001!S\0\0\0\u0008nonsense', 'latin1');
  publishRaw(channel, queues.dead, Buffer.from(createRequest()), { headers });
  await channel.close();
  await queues.bury('INTERNAL_ERROR', { messageId: 'behind' });
  const ended = await run(names, ['send-back', '--all', '--yes']);
  expect(ended.code).toBe(1);
  expect(ended.err[0]).toBe('1 letter not sent back: its properties cannot be sent.');
  expect(ended.err[1]).toMatch(/^ {2}hash-[\da-f]{16}$/);
  await expectOthersSent(ended);
});

test('properties larger than frame_max fail only their own letter, which is named', async () => {
  await buryAmongOthers({ messageId: 'large', headers: { large: 'x'.repeat(12_000) } });
  const narrow = { ...names, amqpUrl: `${names.amqpUrl}?frameMax=8192` };
  const ended = await run(narrow, ['send-back', '--all', '--yes']);
  expect(ended.code).toBe(1);
  expect(ended.err[0]).toMatch(/^1 letter not sent back: its properties are larger than frame_max, 8192 bytes\.$/);
  await expectOthersSent(ended);
});

test('a letter with reply_to amq.rabbitmq.reply-to needs --force, and is sent back without reply_to', async () => {
  await queues.bury('INTERNAL_ERROR', { messageId: 'before' });
  // From an AMQP 0-9-1 client the broker would refuse it or replace it with an address.
  const direct = { body: Buffer.from(createRequest()), replyTo: 'amq.rabbitmq.reply-to', applicationProperties: {} };
  await publishAmqp10(names.amqpUrl, queues.dead, direct);
  await queues.bury('INTERNAL_ERROR', { messageId: 'behind' });
  const ended = await run(names, ['send-back', '--all', '--yes']);
  expect(ended.code).toBe(0);
  expect(ended.err[0]).toMatch(/^1 letter left in place: reply_to is amq\.rabbitmq\.reply-to/);
  await expectOthersSent(ended);
  expect(await run(names, ['send-back', '--all', '--force'])).toMatchObject({ code: 0, out: ['1 letter sent back.'] });
  await expect.poll(() => queues.depths()).toEqual({ requests: 1, dead: 0 });
  const [request] = await queues.drain(queues.requests);
  expect(request?.properties.replyTo).toBeUndefined();
});

test('a letter with ids that are not UTF-8 needs --force', async () => {
  await buryAmongOthers({ messageId: 'a\ufffd' });
  const ended = await run(names, ['send-back', '--all', '--yes']);
  expect(ended.code).toBe(0);
  expect(ended.err[0]).toMatch(/^1 letter left in place: ids .* not UTF-8 .*--force/);
  await expectOthersSent(ended);
  expect(await run(names, ['send-back', '--all', '--force'])).toMatchObject({ code: 0, out: ['1 letter sent back.'] });
});

let broker: OwnServer | undefined;
afterAll(() => broker?.remove());

test('a letter over which the broker closes the channel fails alone and is named; no other is sent twice', async () => {
  broker = await startBroker();
  const own = { amqpUrl: broker.url, queue: 'requests' };
  const there = await Queues.declare(own);
  await there.bury('INTERNAL_ERROR', { messageId: 'before' });
  await there.bury('expired', { correlationId: 'without id' });
  await there.bury('INTERNAL_ERROR', { messageId: 'large' }, 'x'.repeat(20_000));
  await there.bury('INTERNAL_ERROR', { messageId: 'behind' });
  await there.bury('expired', {}, 'y'.repeat(20_000));
  await broker.exec('rabbitmqctl', 'eval', 'persistent_term:put(max_message_size, 10000).');
  const { code, out, err } = await run(own, ['send-back', '--all', '--yes']);
  expect({ code, out }).toEqual({ code: 1, out: ['3 letters sent back.'] });
  expect(err.join('\n')).toMatch(/not sent back: the broker does not accept it \(.*larger than configured max size/);
  await expect.poll(() => there.depths()).toMatchObject({ dead: 2 });
  const sent = await there.drain(there.requests);
  expect(sent.filter(({ properties }) => properties.correlationId === 'without id')).toHaveLength(1);
  expect(new Set(sent.map(({ properties }) => String(properties.messageId))).size).toBe(3);
  await there.close();
}, 120_000);
