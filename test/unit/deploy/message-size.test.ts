import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { encode } from '../../../src/codec/encode.ts';
import { contactElement } from '../../../src/methods/contact-element.ts';
import { ok } from '../../../src/protocol/response.ts';

test('the longest page of contacts is smaller than the largest message that the broker of compose takes', () => {
  const conf = readFileSync(new URL('../../../config/rabbitmq/contacts.conf', import.meta.url), 'utf8');
  const limit = Number(/^max_message_size = (\d+)$/m.exec(conf)?.[1]);
  // Each character as long as it can be: five bytes.
  const text = (length: number): string => '&'.repeat(length);
  const longest = {
    contact_id: Number.MAX_SAFE_INTEGER,
    client_id: 1,
    first_name: text(255),
    last_name: text(255),
    email: text(254),
    phone: text(64),
    mobile_phone: text(64),
  };
  const page = encode(ok(Array.from({ length: 1_000 }, () => contactElement(longest))));
  expect(page.length).toBeGreaterThan(limit / 2);
  expect(page.length).toBeLessThan(limit);
});
