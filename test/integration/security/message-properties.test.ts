import { connect } from 'amqplib';
import { expect, test } from 'vitest';

import { createRequest, getRequest } from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';

const running = runningWorker();

test('priority, expiration, type, timestamp and user_id change neither effect nor answer', async () => {
  const { requester } = running;
  const options = {
    priority: 255,
    expiration: '60000',
    type: 'contact.delete',
    timestamp: 1,
    userId: new URL(running.names.amqpUrl).username,
  };
  const created = await requester.request(createRequest(), {
    ...options,
    headers: { 'sent-back': -1, CC: ['nowhere'] },
  });
  const id = Number(/<contact_id>(\d+)</.exec(created.xml)?.[1]);
  expect(id).toBeGreaterThan(0);
  const { xml, properties } = await requester.request(getRequest(id), options);
  expect(xml).toContain(`<contact_id>${id}</contact_id>`);
  expect(properties).toMatchObject({ type: 'contact.get', headers: { status: 'ok' } });
  for (const name of ['priority', 'expiration', 'userId', 'appId'] as const) expect(properties[name]).toBeUndefined();
});

test('the broker refuses a forged user_id', async () => {
  const model = await connect(running.names.amqpUrl);
  const channel = await model.createChannel();
  const refused = new Promise<Error>((resolve) => channel.once('error', resolve));
  channel.sendToQueue(running.names.queue, Buffer.from(createRequest()), { userId: 'somebody-else' });
  expect((await refused).message).toContain('user_id');
  await model.close();
});
