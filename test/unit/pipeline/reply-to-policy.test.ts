import { expect, test } from 'vitest';

import { createReplyToPolicy } from '../../../src/pipeline/reply-to-policy.ts';

const guard = createReplyToPolicy(['contacts.requests', 'contacts.requests.dead'], undefined);

test.each([
  [undefined, undefined],
  ['client', undefined],
  ['amq.rabbitmq.reply-to.g1h2AA5yZXBseUAxMjM0.abc==', undefined],
  ['contacts.requests.dead', 'REPLY_TO_OWN_QUEUE'],
  // No address: what a client writes where the broker should put one.
  ['amq.rabbitmq.reply-to', 'REPLY_TO_NOT_ALLOWED'],
])('reply_to %s: %s', (replyTo, refusal) => {
  expect(guard(replyTo)).toBe(refusal);
});
