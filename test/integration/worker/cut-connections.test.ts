import { randomUUID } from 'node:crypto';

import { afterEach, expect, test } from 'vitest';

import { codesIn, contactIdIn, createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { Requester } from '../../support/requester.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { startWorker } from '../../support/worker.ts';

const names = freshNames();
const CUTS = 8;
const REQUESTS = 900;
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Starts a worker with one attempt allowed; returns the proxy in front of its broker. */
async function workerBehindProxy(): Promise<TcpProxy> {
  const proxy = await TcpProxy.before(names.amqpUrl);
  const worker = await startWorker({ ...names, amqpUrl: proxy.url(names.amqpUrl) }, { MAX_ATTEMPTS: '1' });
  closing.push(
    () => worker.stop(),
    () => proxy.close(),
  );
  return proxy;
}

test('with one attempt allowed, repeated connection losses at two workers fail no request', async () => {
  const proxies = [await workerBehindProxy(), await workerBehindProxy()];
  const requester = await Requester.open(names.amqpUrl, names.queue);
  closing.push(() => requester.close());
  let answered = 0;
  const answers = Array.from({ length: REQUESTS }, async () => {
    const answer = await requester.request(createRequest(), { messageId: randomUUID() });
    answered += 1;
    const cut = answered / (REQUESTS / (CUTS + 1));
    if (Number.isInteger(cut) && cut <= CUTS) proxies[cut % 2]?.cut();
    return answer;
  });
  const documents = (await Promise.all(answers)).map(({ xml }) => xml);
  expect(documents.flatMap(codesIn)).toEqual([]);
  expect(new Set(documents.map(contactIdIn)).size).toBe(REQUESTS);
});
