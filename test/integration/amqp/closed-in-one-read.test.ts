import { afterEach, expect, test } from 'vitest';

import { Publisher } from '../../../src/amqp/publisher/publisher.ts';
import { closeOfChannel, closeOfConnection, confirmOf, FakeBroker } from '../../support/fake-broker.ts';

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
    {
      lost: () => undefined,
      restored: () => undefined,
      open: () => undefined,
      majority: () => undefined,
      republished: () => undefined,
    },
  );
  await publisher.started;
}

const publish = (): Promise<string> =>
  publisher.publish({ queue: 'queue', body: Buffer.from('x'), options: (messageId) => ({ messageId }) });

test('an isolated channel opens as its connection closes: its message is sent on the next connection', async () => {
  await open({
    // The first is the main channel.
    afterConfirmSelect: (nth) => (nth === 2 ? closeOfConnection() : Buffer.alloc(0)),
    onPublish: (_, channel) => confirmOf(channel, 1),
  });
  expect(await publish()).toBe('routed');
  expect(broker.connections).toBe(2);
});

test('a channel closes as it confirms the probe before a suspect: the suspect is sent on another one', async () => {
  const positions = new Map<number, number>();
  await open({
    onPublish: (nth, channel) => {
      positions.set(channel, (positions.get(channel) ?? 0) + 1);
      // The message, whose channel closes over it; the probe; then all is well.
      if (nth === 1) return closing(channel);
      const confirmed = confirmOf(channel, positions.get(channel) ?? 0);
      return nth === 2 ? Buffer.concat([confirmed, closing(channel)]) : confirmed;
    },
  });
  function closing(channel: number): Buffer {
    positions.delete(channel);
    return closeOfChannel(channel);
  }
  expect(await publish()).toBe('routed');
});
