import { randomBytes, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';

import { freePort } from '../../../infrastructure/addresses.ts';
import { createRequest, getRequest, jane, listRequest, updateRequest } from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { startWorker } from '../../support/worker.ts';
import { Queues } from '../dead-letters/letters.ts';
import { openPage, startBrowser } from './browser.ts';
import { startConsole } from './console-process.ts';

/** Where the pictures of docs/console.md are kept: CONSOLE_PICTURES=docs/images. */
const folder = process.env['CONSOLE_PICTURES'] ?? '';
const ports = [await freePort(), await freePort()] as const;
const running = runningWorker({ HTTP_PORT: String(ports[0]) });
const queues = Queues.forSuite(running.names);
const LOAD_MS = 90_000;

test.skipIf(folder === '')('pictures for the documentation', { timeout: 300_000 }, async () => {
  const second = await startWorker(running.names, { HTTP_PORT: String(ports[1]) });
  const metrics = ports.flatMap((port) => ['--metrics', `http://127.0.0.1:${port}/metrics`]);
  const server = await startConsole(running.names, metrics, { MONGODB_URL: running.names.mongodbUrl });
  const browser = await startBrowser();
  const ended = new AbortController();
  try {
    for (const [nth, [code, error]] of LETTERS.entries()) bury(code, error, nth);
    await queues.channel.waitForConfirms();
    const loading = load(ended.signal);
    const light = await openPage(browser, server, { viewport: { width: 1280, height: 880 } });
    await wait(LOAD_MS);
    const sizes = [await picture(light.page, 'console-overview')];
    const dark = await openPage(browser, server, { colorScheme: 'dark', viewport: { width: 1280, height: 640 } });
    await dark.page.goto(`${server.url}/#/dead-letters`);
    await dark.page.getByText('letters, read').waitFor();
    sizes.push(await picture(dark.page, 'console-dead-letters-dark'));
    const phone = await openPage(browser, server, {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
    });
    await phone.page.locator('.uplot canvas').first().waitFor();
    sizes.push(await picture(phone.page, 'console-phone'));
    // The repository keeps them.
    for (const size of sizes) expect(size).toBeLessThan(150_000);
    ended.abort();
    await loading;
  } finally {
    ended.abort();
    await browser.close();
    await server.stop();
    await second.stop();
  }
});

const LETTERS = [
  ['INTERNAL_ERROR', 'create contacts: the document fails validation'],
  ['INTERNAL_ERROR', 'create contacts: the document fails validation'],
  ['ANSWER_REFUSED', 'the queue amq.gen-Xk refuses the answer: it is full'],
  ['INTERNAL_ERROR', 'the process ended while it ran'],
  ['ANSWER_UNCONFIRMED', 'the broker has not confirmed the answer within 30000 ms'],
  ['REPLY_TO_NOT_ALLOWED', 'reply_to is not allowed'],
  ['INTERNAL_ERROR', 'create contacts: the document fails validation'],
] as const;

function bury(code: string, error: string, nth: number): void {
  queues.channel.sendToQueue(queues.dead, Buffer.from(createRequest()), {
    messageId: randomUUID(),
    correlationId: randomUUID(),
    appId: 'webshop',
    headers: {
      'diagnosis-code': code,
      'diagnosis-attempts': code === 'INTERNAL_ERROR' ? 5 : 1,
      'diagnosis-first-error': error,
      'diagnosis-last-error': error,
      'diagnosis-reference-id': `m${randomBytes(12).toString('base64url').slice(0, 15)}`,
      'diagnosis-time': new Date(Date.now() - nth * 347_000).toISOString(),
    },
  });
}

async function load(signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round += 1) {
    const width = 12 + Math.round(9 * Math.sin(round / 25) + 6 * Math.random());
    const sent = { timestamp: Math.floor(Date.now() / 1_000) };
    const ask = (nth: number): Promise<unknown> => {
      const id = 1 + ((round + nth) % 40);
      if (nth % 11 === 3) return running.requester.request(createRequest({ ...jane, email: 'nobody' }), sent);
      if (nth % 6 === 2) return running.requester.request(updateRequest(id, { first_name: 'Eve' }), sent);
      if (nth % 9 === 4) return running.requester.request(listRequest({ per_page: 5 }), sent);
      return running.requester.request(nth % 4 === 0 ? createRequest() : getRequest(id), sent);
    };
    await Promise.all(Array.from({ length: width }, (_, nth) => ask(nth)));
    await wait(40);
  }
}

/** Returns its size in bytes. */
async function picture(page: Page, name: string): Promise<number> {
  await page.evaluate("document.getElementById('queue').textContent = 'contacts.requests'");
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  return statSync(path).size;
}
