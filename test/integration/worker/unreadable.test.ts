import { connect } from 'amqplib';
import { expect, test } from 'vitest';

import { nestedTables, publishRaw } from '../../support/raw-publish.ts';
import { runningWorker } from '../../support/running-worker.ts';

const CREATE =
  '<?xml version="1.0" encoding="UTF-8"?><request method="contact.create"><contact><client_id>1</client_id>' +
  '<first_name>A</first_name><last_name>B</last_name><email>a@example.com</email></contact></request>';

const running = runningWorker();

test.each([
  ['headers nested deeper than a decoder can read', nestedTables('poison', 8_000)],
  ['headers nested deeper than any client nests them', nestedTables('poison', 100)],
])('%s dead-letter their own message only', async (_, headers) => {
  const { requester, names, worker } = running;
  const { replyTo } = requester;
  publishRaw(requester.channel, names.queue, Buffer.from(CREATE), { headers, replyTo, correlationId: 'poison' });
  const answers = await Promise.all(Array.from({ length: 10 }, () => requester.request(CREATE)));
  for (const { properties } of answers) expect(properties.headers?.['status']).toBe('ok');

  await expect
    .poll(() => requester.answers.find(({ properties }) => properties.correlationId === 'poison')?.xml)
    .toContain('<code>INVALID_REQUEST</code>');
  const model = await connect(names.amqpUrl);
  const channel = await model.createChannel();
  await expect.poll(async () => (await channel.checkQueue(`${names.queue}.dead`)).messageCount).toBe(1);
  const letter = await channel.get(`${names.queue}.dead`, { noAck: true });
  await model.close();
  expect(letter && letter.content.toString()).toBe(CREATE);
  expect(letter && letter.properties).toMatchObject({ replyTo, correlationId: 'poison' });
  expect(letter && letter.properties.headers).toMatchObject({ 'diagnosis-code': 'UNREADABLE_PROPERTIES' });

  const lines = await worker.logLines();
  expect(lines.filter(({ msg }) => msg === 'link to the broker lost, retrying')).toEqual([]);
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'a request was dead-lettered', reason: 'UNREADABLE_PROPERTIES' }),
  );
});
