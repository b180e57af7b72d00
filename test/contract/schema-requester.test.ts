import { expect, test, vi } from 'vitest';

import { freshNames } from '../support/fresh-names.ts';
import { Requester } from '../support/requester.ts';
import { okAnswer } from '../support/documents.ts';

const { amqpUrl, queue } = freshNames();

/** Sends a requester an answer to contact.get, then closes it. */
async function closedAfter(xml: string): Promise<void> {
  const requester = await Requester.open(amqpUrl, queue);
  requester.channel.sendToQueue(requester.replyTo, Buffer.from(xml), {
    type: 'contact.get',
    contentType: 'application/xml',
    headers: { status: 'ok' },
  });
  await vi.waitUntil(() => requester.answers.length === 1, { timeout: 10_000 });
  await requester.close();
}

const texts = ['first_name', 'last_name', 'email', 'phone', 'mobile_phone'].map((name) => `<${name}/>`);

test('a requester that received an answer against the contract fails at its close', async () => {
  const contact = (elements: readonly string[]): string =>
    okAnswer(`<contact><contact_id>1</contact_id>${elements.join('')}</contact>`);
  await expect(closedAfter(contact(texts))).resolves.toBeUndefined();
  await expect(closedAfter(contact(texts.toReversed()))).rejects.toThrow(
    "Element 'mobile_phone': This element is not expected",
  );
});
