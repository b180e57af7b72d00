import { randomUUID } from 'node:crypto';

import { expect, test } from 'vitest';

import {
  codesIn,
  contactIdIn,
  createRequest,
  deleteRequest,
  getRequest,
  jane,
  listRequest,
  okAnswer,
  updateRequest,
} from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';

const running = runningWorker();

const over = { headers: { deadline: Date.now() - 1 } };
const ahead = { headers: { deadline: Date.now() + 600_000 } };

test('past its deadline nothing is executed, whatever the method', async () => {
  const id = contactIdIn((await running.requester.request(createRequest(), ahead)).xml);
  for (const late of [
    createRequest({ ...jane, client_id: 41 }),
    updateRequest(id, { last_name: 'Late' }),
    deleteRequest(id),
    getRequest(id),
    listRequest(),
  ]) {
    const { xml, properties } = await running.requester.request(late, over);
    expect(codesIn(xml)).toEqual(['EXPIRED']);
    expect(properties.type).toMatch(/^contact\./);
  }
  expect((await running.requester.request(listRequest({ client_id: 41 }))).xml).toBe(okAnswer());
  expect((await running.requester.request(getRequest(id))).xml).toContain('<last_name>Doe</last_name>');
});

test('what took effect in time is answered so when it comes again too late', async () => {
  const creation = createRequest({ ...jane, client_id: 42 });
  const ids = [randomUUID(), randomUUID(), randomUUID()] as const;
  const created = await running.requester.request(creation, { messageId: ids[0], ...ahead });
  const id = contactIdIn(created.xml);
  const update = updateRequest(id, { last_name: 'InTime' });
  await running.requester.request(update, { messageId: ids[1], ...ahead });
  await running.requester.request(deleteRequest(id), { messageId: ids[2], ...ahead });
  expect((await running.requester.request(creation, { messageId: ids[0], ...over })).xml).toBe(created.xml);
  expect((await running.requester.request(update, { messageId: ids[1], ...over })).xml).toBe(okAnswer());
  expect((await running.requester.request(deleteRequest(id), { messageId: ids[2], ...over })).xml).toBe(okAnswer());
});

test('a mistake is told before a missed deadline', async () => {
  expect(codesIn((await running.requester.request(getRequest(0), over)).xml)).toEqual(['INVALID_PARAMS']);
});

test('a deadline that is no time is refused, and nothing is executed', async () => {
  const answer = await running.requester.request(createRequest({ ...jane, client_id: 43 }), {
    headers: { deadline: 'soon' },
  });
  expect(codesIn(answer.xml)).toEqual(['INVALID_REQUEST']);
  expect((await running.requester.request(listRequest({ client_id: 43 }))).xml).toBe(okAnswer());
});
