import { connect, type ChannelModel } from 'amqplib';
import { afterEach, expect, test } from 'vitest';

import { freshNames } from '../../support/fresh-names.ts';
import { Queues, run } from './letters.ts';

const names = freshNames();
const queues = Queues.forSuite(names);
let reader: ChannelModel | undefined;

afterEach(releaseHeld);

/** Another reader consumes this many letters and does not settle them. */
async function hold(count: number): Promise<void> {
  reader = await connect(names.amqpUrl);
  const channel = await reader.createChannel();
  for (let nth = 0; nth < count; nth += 1) expect(await channel.get(queues.dead)).not.toBe(false);
}

/** Closes the other reader's connection; the broker requeues its letters. */
async function releaseHeld(): Promise<void> {
  await reader?.close();
  reader = undefined;
}

test.each([
  ['discard', '--all'],
  ['send-back', '--all'],
  ['discard', '--all', '--reason', 'INTERNAL_ERROR'],
  ['send-back', '--all', '--reason', 'INTERNAL_ERROR'],
])('%s %s %s %s keeps letters that arrive while another reader holds the counted ones', async (...args) => {
  await queues.bury('INTERNAL_ERROR', { messageId: 'old 1' });
  await queues.bury('INTERNAL_ERROR', { messageId: 'old 2' });
  const { code, out, err } = await run(names, args, async () => {
    await hold(2);
    await queues.bury('INTERNAL_ERROR', { messageId: 'new 1' });
    await queues.bury('INTERNAL_ERROR', { messageId: 'new 2' });
    return true;
  });
  expect({ code, out }).toEqual({ code: 1, out: [`0 letters ${args[0] === 'discard' ? 'discarded' : 'sent back'}.`] });
  expect(err).toContain('2 letters came after the count; left in place.');
  expect(err).toContain('2 letters of those counted: no longer in the queue, or held by another reader.');
  await releaseHeld();
  await expect.poll(() => queues.depths()).toEqual({ requests: 0, dead: 4 });
  expect((await queues.drainIds(queues.dead)).sort()).toEqual(['new 1', 'new 2', 'old 1', 'old 2']);
});

test('counted letters that are still there are discarded; a new letter with the same message id stays', async () => {
  await queues.bury('INTERNAL_ERROR', { messageId: 'same' });
  await queues.bury('INTERNAL_ERROR', { messageId: 'same' });
  const { code, out, err } = await run(names, ['discard', 'same'], async () => {
    await hold(1);
    await queues.bury('INTERNAL_ERROR', { messageId: 'same' });
    return true;
  });
  expect({ code, out }).toEqual({ code: 1, out: ['1 letter discarded.'] });
  expect(err).toContain('1 letter came after the count; left in place.');
  expect(err).toContain('1 letter of those counted: no longer in the queue, or held by another reader.');
  await releaseHeld();
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 2 });
});

test('of equal letters, as many are discarded as were counted', async () => {
  const bury = (): void => void queues.channel.sendToQueue(queues.dead, Buffer.from('equal'), { headers: { a: 1.5 } });
  bury();
  bury();
  await queues.channel.waitForConfirms();
  const { code, out, err } = await run(names, ['discard', '--all'], async () => {
    bury();
    await queues.channel.waitForConfirms();
    return true;
  });
  expect({ code, out }).toEqual({ code: 0, out: ['2 letters discarded.'] });
  expect(err).toContain('1 letter came after the count; left in place.');
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 1 });
});

test('a letter is recognised however often it was redelivered', async () => {
  await queues.buryMany(2);
  const { code, out } = await run(names, ['discard', '--all'], async () => {
    await hold(2);
    await releaseHeld();
    await expect.poll(() => queues.depths()).toMatchObject({ dead: 2 });
    return true;
  });
  expect({ code, out }).toEqual({ code: 0, out: ['2 letters discarded.'] });
});
