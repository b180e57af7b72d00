import { expect, inject, test } from 'vitest';

import { Publisher } from '../../../src/amqp/publisher/publisher.ts';
import { replyMessage } from '../../../src/amqp/wire/messages.ts';
import { createMetrics } from '../../../src/ops/metrics.ts';
import { createTelemetry } from '../../../src/telemetry.ts';
import { createLog } from '../../../src/ops/log.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const amqpUrl = inject('amqpUrl');
/** Class and method of basic.ack and of queue.declare-ok. */
const ACK = Buffer.from([0, 60, 0, 80]);
const DECLARE_OK = Buffer.from([0, 50, 0, 11]);

test('questions for the majority are counted, answered and unanswered ones', async () => {
  let isSilent = true;
  // No message is confirmed, and no declaration answered.
  const proxy = await TcpProxy.before(amqpUrl, () => ({
    chunk: (direction, bytes) => {
      const isDropped = direction === 'down' && (bytes.includes(ACK) || (isSilent && bytes.includes(DECLARE_OK)));
      return isDropped ? undefined : bytes;
    },
  }));
  const metrics = createMetrics({
    methods: [],
    inFlight: () => 0,
    oldestRequestAgeS: () => 0,
    spans: () => ({ exported: 0, dropped: { 'queue full': 0, 'export failed': 0 } }),
    exemplars: false,
    droppedLogLines: () => 0,
    queueMessages: () => new Map(),
    intakeHeld: () => ({ database: false, writes: false, answers: false }),
    readiness: () => Promise.resolve({ ready: true, checks: {} }),
  });
  const log = createLog({ level: 'silent', worker: 'test', ownErrors: [] });
  const publisher = new Publisher(
    { urls: [proxy.url(amqpUrl)], timeoutMs: 500, heartbeatS: 10 },
    { confirmTimeoutMs: 3_000, prefetch: 4, probeQueue: freshNames().queue },
    { ...createTelemetry(log, metrics).publisher, open: () => undefined },
  );
  const counted = async (answer: string): Promise<number> => {
    const found = new RegExp(`^contacts_majority_answers_total\\{answer="${answer}"\\} (\\d+)$`, 'm');
    return Number(found.exec(await metrics.text())?.[1] ?? Number.NaN);
  };
  try {
    await publisher.started;
    expect([await counted('present'), await counted('missing')]).toEqual([0, 0]);
    const message = replyMessage({ to: 'nowhere', correlationId: 'c', type: 't', headers: {}, body: Buffer.from('x') });
    publisher.publish(message).catch(() => undefined);
    await expect.poll(() => counted('missing'), { timeout: 20_000 }).toBeGreaterThan(1);
    isSilent = false;
    await expect.poll(() => counted('present'), { timeout: 20_000 }).toBeGreaterThan(0);
  } finally {
    await publisher.stop();
    await proxy.close();
  }
});
