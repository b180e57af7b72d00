import { createConnection, createServer, type AddressInfo } from 'node:net';

import { expect, test } from 'vitest';

import { amqp10, publishAmqp10 } from '../../support/amqp10-publish.ts';
import { createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { nestedTables, publishRaw } from '../../support/raw-publish.ts';
import { parsed, Queues, run } from './letters.ts';

const UUID = Buffer.concat([Buffer.from([0x98]), Buffer.alloc(16, 7)]);
const names = freshNames();
const queues = Queues.forSuite(names);

/** Publishes a letter at whose delivery the broker closes the connection. */
async function buryUndeliverable(correlationId: string, value = amqp10.char('x')): Promise<void> {
  const message = { body: Buffer.from(createRequest()), correlationId, applicationProperties: { bad: value } };
  await publishAmqp10(names.amqpUrl, queues.dead, message);
}

async function buryAmongOthers(): Promise<void> {
  await queues.bury('INTERNAL_ERROR', { messageId: 'before' });
  await buryUndeliverable('c1');
  await buryUndeliverable('c2', UUID);
  await queues.bury('INTERNAL_ERROR', { messageId: 'behind' });
}

test('a letter that the broker cannot deliver is listed once, as are all others', async () => {
  await buryAmongOthers();
  const { code, out, err } = await run(names, ['list', '--json']);
  const letters = parsed({ code, out, err });
  expect(letters.map(({ cause }) => String(cause)).sort()).toEqual([
    'INTERNAL_ERROR',
    'INTERNAL_ERROR',
    'unreadable',
    'unreadable',
  ]);
  const unreadable = letters.filter(({ cause }) => cause === 'unreadable');
  expect(unreadable[0]).toMatchObject({ method: 'contact.create', bytes: createRequest().length });
  expect(err).toEqual([expect.stringMatching(/^The broker closed the connection instead of delivering a letter\./)]);
  expect(code).toBe(0);
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 4 });
});

test('an undeliverable letter is shown and discarded by its reference, and no other is', async () => {
  await buryAmongOthers();
  const listed = parsed(await run(names, ['list', '--reason', 'unreadable', '--json']));
  expect(listed).toHaveLength(2);
  for (const [nth, { reference }] of listed.entries()) {
    const [letter] = parsed(await run(names, ['show', String(reference), '--json']));
    expect(letter).toMatchObject({ unreadable: 'undeliverable', body: createRequest() });
    expect((await run(names, ['show', String(reference)])).out.join('\n')).toMatch(/^headers: cannot be read \(types/m);
    expect(await run(names, ['discard', String(reference)])).toMatchObject({ code: 0, out: ['1 letter discarded.'] });
    await expect.poll(() => queues.depths()).toMatchObject({ dead: 3 - nth });
  }
  expect((await queues.drainIds(queues.dead)).sort()).toEqual(['before', 'behind']);
});

test('undeliverable letters are discarded with all others, except one that came after the count', async () => {
  await buryAmongOthers();
  const { code, out, err } = await run(names, ['discard', '--all'], async () => {
    await buryUndeliverable('c3');
    return true;
  });
  expect({ code, out }).toEqual({ code: 0, out: ['4 letters discarded.'] });
  expect(err).toContain('1 letter came after the count; left in place.');
  const [letter] = parsed(await run(names, ['list', '--json']));
  const [shown] = parsed(await run(names, ['show', String(letter?.['reference']), '--json']));
  expect(shown).toMatchObject({ properties: { correlation_id: 'c3' } });
});

test('undeliverable letters stay in place, and the others are sent back', async () => {
  await buryAmongOthers();
  const { code, out, err } = await run(names, ['send-back', '--all', '--yes', '--force']);
  expect({ code, out }).toEqual({ code: 0, out: ['2 letters sent back.'] });
  expect(err.join('\n')).toContain('2 letters left in place: parts of the letter cannot be read');
  await expect.poll(() => queues.depths()).toEqual({ requests: 2, dead: 2 });
});

test('among thousands, an undeliverable and an unreadable letter are discarded and no other is lost', async () => {
  await queues.buryMany(1_500);
  await buryUndeliverable('c1');
  const channel = await queues.model.createChannel();
  publishRaw(channel, queues.dead, Buffer.from(createRequest()), { headers: nestedTables('poison', 8_000) });
  await channel.close();
  await queues.buryMany(1_500);
  await run(names, ['list']);
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 3_002 });
  const discarded = await run(names, ['discard', '--all', '--reason', 'unreadable', '--yes']);
  expect(discarded).toMatchObject({ code: 0, out: ['2 letters discarded.'] });
  const left = await queues.drain(queues.dead);
  const ids = left.map(({ properties }) => Number(properties.messageId));
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 3_000 }, (_, nth) => Math.floor(nth / 2)));
});

test('without AMQP 1.0 the command lists the letters before the undeliverable one, then says what can be done', async () => {
  await buryAmongOthers();
  const broker = new URL(names.amqpUrl);
  const server = createServer((client) => {
    const upstream = createConnection({ host: broker.hostname, port: Number(broker.port || 5672) });
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
    }
    upstream.pipe(client);
    client.once('data', (start: Buffer) => {
      // `AMQP`, then the protocol id: 0 for 0-9-1, 3 for 1.0 with SASL.
      if (start[4] !== 0) client.destroy();
      else upstream.write(start);
      client.pipe(upstream);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxied = new URL(broker);
  proxied.port = String((server.address() as AddressInfo).port);
  const { code, out, err } = await run({ ...names, amqpUrl: proxied.href }, ['list', '--json']);
  server.close();
  expect(code).toBe(1);
  expect(parsed({ code, out, err })).toMatchObject([{ cause: 'INTERNAL_ERROR' }]);
  expect(err.at(-1)).toMatch(/could not be moved aside over AMQP 1\.0.*All letters are still in the queue.*purge/);
  await expect.poll(() => queues.depths()).toMatchObject({ dead: 4 });
});
