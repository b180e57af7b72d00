import { randomUUID } from 'node:crypto';

import { expect, test } from 'vitest';

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
import { runningWorker } from '../../support/running-worker.ts';

const running = runningWorker();

test('a repeated create answers the same contact, also while the first is in flight', async () => {
  const id = { messageId: randomUUID(), appId: 'crm' };
  const answers = await Promise.all(Array.from({ length: 5 }, () => running.requester.request(createRequest(), id)));
  answers.push(await running.requester.request(createRequest(), id));
  expect(new Set(answers.map(({ xml }) => xml)).size).toBe(1);
  expect(answers.at(-1)?.properties.headers).toMatchObject({ repeated: true });
  const other = await running.requester.request(createRequest(), { ...id, appId: 'erp' });
  expect(contactIdIn(other.xml)).not.toBe(contactIdIn(answers[0]?.xml ?? ''));
});

test('a repeated old update does not undo a newer one', async () => {
  const id = contactIdIn((await running.requester.request(createRequest())).xml);
  const old = [updateRequest(id, { phone: 'old' }), { messageId: randomUUID() }] as const;
  await running.requester.request(...old);
  await running.requester.request(updateRequest(id, { phone: 'new' }), { messageId: randomUUID() });
  const again = await running.requester.request(...old);
  expect(again.xml).toBe(okAnswer());
  expect(again.properties.headers).toMatchObject({ repeated: true });
  expect((await running.requester.request(getRequest(id))).xml).toContain('<phone>new</phone>');
});

test('after a delete, its repeat is ok, another delete is not, and a repeat of the create creates no contact', async () => {
  const creation = [createRequest({ ...jane, client_id: 9 }), { messageId: randomUUID() }] as const;
  const created = await running.requester.request(...creation);
  const id = contactIdIn(created.xml);
  const deletion = [deleteRequest(id), { messageId: randomUUID() }] as const;
  expect((await running.requester.request(...deletion)).xml).toBe(okAnswer());
  expect((await running.requester.request(...deletion)).xml).toBe(okAnswer());
  expect(codesIn((await running.requester.request(deleteRequest(id), { messageId: randomUUID() })).xml)).toEqual([
    'NOT_FOUND',
  ]);
  expect((await running.requester.request(...creation)).xml).toBe(created.xml);
  expect(codesIn((await running.requester.request(getRequest(id))).xml)).toEqual(['NOT_FOUND']);
});

test('equal requests without message_id are two requests', async () => {
  const [one, two] = await Promise.all([
    running.requester.request(createRequest(), { correlationId: 'same-1' }),
    running.requester.request(createRequest(), { correlationId: 'same-2' }),
  ]);
  const three = await running.requester.request(createRequest(), { correlationId: 'same-1' });
  expect(new Set([one, two, three].map(({ xml }) => contactIdIn(xml))).size).toBe(3);
});
