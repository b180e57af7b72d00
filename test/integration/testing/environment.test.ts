import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { type ContactsError, NotFoundError, RequestFailedError, TimeoutError } from '../../../src/client/index.ts';
import { startContacts, type ContactsEnvironment } from '../../../src/testing/index.ts';
import { testImages, type TestImages } from '../../support/test-images.ts';
import { Requester } from '../../support/requester.ts';
import { createRequest } from '../../support/documents.ts';

const jane = { clientId: 1, firstName: 'Jane', lastName: 'Doe', email: 'jane@example.org' };

let images: TestImages;
let env: ContactsEnvironment;

beforeAll(async () => {
  images = await testImages();
  env = await startContacts({ images, env: { LOG_LEVEL: 'warn' } });
}, 600_000);

afterAll(async () => {
  await env?.stop();
  await images?.remove();
}, 120_000);

beforeEach(() => env.clear());

const codeOf = (error: unknown): string => (error as ContactsError).code;
const count = async (): Promise<number> => (await env.client.list({ perPage: 1000 })).contacts.length;

test('the client, the HTTP address and the settings are those of the started worker', async () => {
  const { contactId } = await env.client.create(jane);
  expect(await env.client.get(contactId)).toMatchObject({ firstName: 'Jane', contactId });
  expect((await fetch(`${env.httpUrl}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${env.httpUrl}/metrics`)).text()).toContain('contacts_requests_total');
});

test('clear leaves no contact, and forgets the requests of earlier tests', async () => {
  const messageId = randomUUID();
  const first = await env.client.create(jane, { messageId });
  await env.clear();
  await expect(env.client.get(first.contactId)).rejects.toBeInstanceOf(NotFoundError);
  const second = await env.client.create(jane, { messageId });
  expect(second.repeated).toBe(false);
  expect(second.contactId).toBeGreaterThan(first.contactId);
});

test('a lost answer times out; the same messageId again gets the first answer', async () => {
  const messageId = randomUUID();
  await env.nextAnswer('lost');
  await expect(env.client.create(jane, { messageId, timeoutMs: 1_500 })).rejects.toBeInstanceOf(TimeoutError);
  const again = await env.client.create(jane, { messageId });
  expect(again.repeated).toBe(true);
  expect(await count()).toBe(1);
});

test('a slow answer comes late and unchanged, while its effect is there at once', async () => {
  await env.nextAnswer({ slow: 1_500 });
  const begun = performance.now();
  const slow = env.client.create(jane);
  await expect.poll(count).toBe(1);
  const { contactId } = await slow;
  expect(performance.now() - begun).toBeGreaterThan(1_400);
  expect(await env.client.get(contactId)).toMatchObject({ email: jane.email });
});

test('an expired request has no effect; without the fault it has', async () => {
  await env.nextAnswer('EXPIRED');
  await expect(env.client.create(jane)).rejects.toMatchObject({ code: 'EXPIRED' });
  expect(await count()).toBe(0);
  await env.client.create(jane);
  expect(await count()).toBe(1);
});

test('an INTERNAL_ERROR names its reference, and the request is a dead letter of that reference', async () => {
  await env.nextAnswer('INTERNAL_ERROR');
  const error = await env.client.create(jane).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RequestFailedError);
  expect(error).toMatchObject({ code: 'INTERNAL_ERROR' });
  expect(await count()).toBe(0);
  const requester = await Requester.open(env.amqpUrl, 'contacts.requests');
  const letter = await requester.channel.get('contacts.requests.dead', { noAck: true });
  expect(letter).toMatchObject({ properties: { headers: { 'diagnosis-code': 'INTERNAL_ERROR' } } });
  const { headers } = (letter as Exclude<typeof letter, false>).properties;
  expect((error as Error).message).toContain(String(headers?.['diagnosis-reference-id']));
  await requester.close();
});

test('several faults meet the next requests in order, whoever sends them; the one after is unharmed', async () => {
  await env.nextAnswer('EXPIRED');
  await env.nextAnswer('INTERNAL_ERROR');
  await env.nextAnswer('slow');
  await expect(env.client.create(jane)).rejects.toMatchObject({ code: 'EXPIRED' });
  const requester = await Requester.open(env.amqpUrl, 'contacts.requests');
  expect((await requester.request(createRequest())).xml).toContain('INTERNAL_ERROR');
  const begun = performance.now();
  expect((await requester.request(createRequest())).xml).toContain('<contact_id>');
  expect(performance.now() - begun).toBeGreaterThan(1_900);
  await requester.close();
  await env.client.create(jane);
  expect(await count()).toBe(2);
});

test('faults meet requests that are sent at the same time, each exactly one', async () => {
  const faults = ['lost', 'slow', 'EXPIRED', 'lost', 'INTERNAL_ERROR'] as const;
  for (const fault of faults) await env.nextAnswer(fault);
  const calls = Array.from({ length: 9 }, () => env.client.create(jane, { timeoutMs: 5_000 }));
  const codes = await Promise.all(calls.map((call) => call.then(() => 'OK', codeOf)));
  const expected = { OK: 5, TIMEOUT: 2, EXPIRED: 1, INTERNAL_ERROR: 1 };
  expect(
    Object.fromEntries(Object.keys(expected).map((code) => [code, codes.filter((one) => one === code).length])),
  ).toEqual(expected);
  expect(await count()).toBe(7);
});

test('clear removes a fault that met no request', async () => {
  await env.nextAnswer('INTERNAL_ERROR');
  await env.clear();
  await env.client.create(jane);
  expect(await count()).toBe(1);
});

test('what is no fault is refused', async () => {
  await expect(env.nextAnswer('NOT_FOUND' as never)).rejects.toThrow(/fault must be/);
  await expect(env.nextAnswer({ slow: -1 })).rejects.toThrow(TypeError);
});
