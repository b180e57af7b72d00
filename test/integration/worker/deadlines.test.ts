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

test.each([Date.now() + 600_000.5, String(Date.now() + 600_000.25)])(
  'a deadline with a fraction is one: %s',
  async (deadline) => {
    const answer = await running.requester.request(getRequest(999_999), { headers: { deadline } });
    expect(codesIn(answer.xml)).toEqual(['NOT_FOUND']);
  },
);

test('EXPIRED tells the worker’s time, and a deadline in seconds is told to look like that', async () => {
  const before = Date.now();
  const { xml } = await running.requester.request(getRequest(1), over);
  const clock = Date.parse(/the worker's clock says (\S+Z)/.exec(xml)?.[1] ?? '');
  expect(clock).toBeGreaterThanOrEqual(before);
  expect(clock).toBeLessThanOrEqual(Date.now());
  expect(xml).not.toContain('looks like');
  const seconds = { headers: { deadline: Math.floor(Date.now() / 1_000) + 600 } };
  const told = await running.requester.request(getRequest(1), seconds);
  expect(codesIn(told.xml)).toEqual(['EXPIRED']);
  expect(told.xml).toContain('the deadline looks like seconds');
});

test('a deadline that is an AMQP timestamp is refused, and told as what it is', async () => {
  const deadline = { '!': 'timestamp', value: Math.floor(Date.now() / 1_000) + 600 };
  const { xml } = await running.requester.request(getRequest(1), { headers: { deadline } });
  expect(codesIn(xml)).toEqual(['INVALID_REQUEST']);
  expect(xml).toContain('it is an AMQP timestamp, which counts seconds');
});
