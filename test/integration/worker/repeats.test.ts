import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  codesIn,
  contactIdIn,
  createRequest,
  deleteRequest,
  getRequest,
  jane,
  okAnswer,
  updateRequest,
} from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { Requester } from '../../support/requester.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';

const names = freshNames();
let worker: TestWorker;
let requester: Requester;

beforeAll(async () => {
  worker = await startWorker(names);
  requester = await Requester.open(names.amqpUrl, names.queue);
});

afterAll(async () => {
  await requester.close();
  await worker.stop();
});

test('a create that comes again answers the same contact, also when both are under way at once', async () => {
  const id = { messageId: randomUUID(), appId: 'crm' };
  const answers = await Promise.all(Array.from({ length: 5 }, () => requester.request(createRequest(), id)));
  answers.push(await requester.request(createRequest(), id));
  expect(new Set(answers.map(({ xml }) => xml)).size).toBe(1);
  expect(answers.at(-1)?.properties.headers).toMatchObject({ repeated: true });
  const other = await requester.request(createRequest(), { ...id, appId: 'erp' });
  expect(contactIdIn(other.xml)).not.toBe(contactIdIn(answers[0]?.xml ?? ''));
});

test('an old update that comes again does not undo a newer one', async () => {
  const id = contactIdIn((await requester.request(createRequest())).xml);
  const old = [updateRequest(id, { phone: 'old' }), { messageId: randomUUID() }] as const;
  await requester.request(...old);
  await requester.request(updateRequest(id, { phone: 'new' }), { messageId: randomUUID() });
  const again = await requester.request(...old);
  expect(again.xml).toBe(okAnswer());
  expect(again.properties.headers).toMatchObject({ repeated: true });
  expect((await requester.request(getRequest(id))).xml).toContain('<phone>new</phone>');
});

test('after the delete: its repeat is ok, another delete is not, and the create’s repeat creates nothing', async () => {
  const creation = [createRequest({ ...jane, client_id: 9 }), { messageId: randomUUID() }] as const;
  const created = await requester.request(...creation);
  const id = contactIdIn(created.xml);
  const deletion = [deleteRequest(id), { messageId: randomUUID() }] as const;
  expect((await requester.request(...deletion)).xml).toBe(okAnswer());
  expect((await requester.request(...deletion)).xml).toBe(okAnswer());
  expect(codesIn((await requester.request(deleteRequest(id), { messageId: randomUUID() })).xml)).toEqual(['NOT_FOUND']);
  expect((await requester.request(...creation)).xml).toBe(created.xml);
  expect(codesIn((await requester.request(getRequest(id))).xml)).toEqual(['NOT_FOUND']);
});

test('equal requests without message_id are two requests', async () => {
  const [one, two] = await Promise.all([
    requester.request(createRequest(), { correlationId: 'same-1' }),
    requester.request(createRequest(), { correlationId: 'same-2' }),
  ]);
  const three = await requester.request(createRequest(), { correlationId: 'same-1' });
  expect(new Set([one, two, three].map(({ xml }) => contactIdIn(xml))).size).toBe(3);
});
