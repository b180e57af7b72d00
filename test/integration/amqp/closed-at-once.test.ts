import { afterEach, expect, test } from 'vitest';

import { Publisher } from '../../../src/amqp/publisher/publisher.ts';
import { closeOfChannel, closeOfConnection, confirmOf, FakeBroker } from '../../support/fake-broker.ts';
import { IGNORED_PUBLISHER_EVENTS } from '../../support/recorded-consumer.ts';

/**
 * The broker answers, and closes, in one segment: the client sees the end before it has seen the answer.
 * No real broker can be made to do that at will.
 */

let publisher: Publisher;
let broker: FakeBroker;

afterEach(async () => {
  await publisher.stop();
  await broker.stop();
});

async function open(behaviour: Parameters<typeof FakeBroker.start>[0]): Promise<void> {
  broker = await FakeBroker.start(behaviour);
  publisher = new Publisher(
    { urls: [broker.url], timeoutMs: 2_000, heartbeatS: 10 },
    { confirmTimeoutMs: 30_000, prefetch: 256, probeQueue: 'contacts.test.probe' },
    IGNORED_PUBLISHER_EVENTS,
  );
  await publisher.started;
}

const publish = (): Promise<string> =>
  publisher.publish({ queue: 'queue', body: Buffer.from('x'), options: (messageId) => ({ messageId }) });

test('an isolated channel opens as its connection closes: its message is sent on the next connection', async () => {
  await open({
    // The first is the main channel.
    afterConfirmSelect: (nth) => (nth === 2 ? closeOfConnection() : Buffer.alloc(0)),
    onPublish: (_, channel, position) => confirmOf(channel, position),
  });
  expect(await publish()).toBe('routed');
  expect(broker.connections).toBe(2);
});

test('a channel closes as it confirms the probe before a suspect: the suspect is sent on another one', async () => {
  await open({
    onPublish: (nth, channel, position) => {
      if (nth === 1) return closeOfChannel(channel);
      const confirmed = confirmOf(channel, position);
      return nth === 2 ? Buffer.concat([confirmed, closeOfChannel(channel)]) : confirmed;
    },
  });
  expect(await publish()).toBe('routed');
});

test('no channel can be opened for a suspect: the main channel is replaced, and all are sent', async () => {
  let silent = 0;
  await open({
    // The first after the message over which its channel closes.
    opensChannel: () => broker.published === 0 || (silent += 1) > 1,
    onPublish: (nth, channel, position) => (nth === 1 ? closeOfChannel(channel) : confirmOf(channel, position)),
  });
  expect(await Promise.all([publish(), publish(), publish()])).toEqual(['routed', 'routed', 'routed']);
  expect(silent).toBeGreaterThan(1);
});
