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

const past = { headers: { deadline: Date.now() - 1 } };
const future = { headers: { deadline: Date.now() + 600_000 } };

test('past its deadline no request is executed, whatever the method', async () => {
  const id = contactIdIn((await running.requester.request(createRequest(), future)).xml);
  for (const late of [
    createRequest({ ...jane, client_id: 41 }),
    updateRequest(id, { last_name: 'Late' }),
    deleteRequest(id),
    getRequest(id),
    listRequest(),
  ]) {
    const { xml, properties } = await running.requester.request(late, past);
    expect(codesIn(xml)).toEqual(['EXPIRED']);
    expect(properties.type).toMatch(/^contact\./);
  }
  expect((await running.requester.request(listRequest({ client_id: 41 }))).xml).toBe(okAnswer());
  expect((await running.requester.request(getRequest(id))).xml).toContain('<last_name>Doe</last_name>');
});

test('a request that took effect in time gets the same answer when repeated past its deadline', async () => {
  const creation = createRequest({ ...jane, client_id: 42 });
  const ids = [randomUUID(), randomUUID(), randomUUID()] as const;
  const created = await running.requester.request(creation, { messageId: ids[0], ...future });
  const id = contactIdIn(created.xml);
  const update = updateRequest(id, { last_name: 'InTime' });
  await running.requester.request(update, { messageId: ids[1], ...future });
  await running.requester.request(deleteRequest(id), { messageId: ids[2], ...future });
  expect((await running.requester.request(creation, { messageId: ids[0], ...past })).xml).toBe(created.xml);
  expect((await running.requester.request(update, { messageId: ids[1], ...past })).xml).toBe(okAnswer());
  expect((await running.requester.request(deleteRequest(id), { messageId: ids[2], ...past })).xml).toBe(okAnswer());
});

test('a fault takes precedence over a missed deadline', async () => {
  expect(codesIn((await running.requester.request(getRequest(0), past)).xml)).toEqual(['INVALID_PARAMS']);
});

test('an invalid deadline is refused, and the request is not executed', async () => {
  const answer = await running.requester.request(createRequest({ ...jane, client_id: 43 }), {
    headers: { deadline: 'soon' },
  });
  expect(codesIn(answer.xml)).toEqual(['INVALID_REQUEST']);
  expect((await running.requester.request(listRequest({ client_id: 43 }))).xml).toBe(okAnswer());
});

test.each([Date.now() + 600_000.5, String(Date.now() + 600_000.25)])(
  'a fractional deadline is valid: %s',
  async (deadline) => {
    const answer = await running.requester.request(getRequest(999_999), { headers: { deadline } });
    expect(codesIn(answer.xml)).toEqual(['NOT_FOUND']);
  },
);

test('EXPIRED reports the worker’s time, and hints at a deadline in seconds', async () => {
  const before = Date.now();
  const { xml } = await running.requester.request(getRequest(1), past);
  const clock = Date.parse(/the worker's clock says (\S+Z)/.exec(xml)?.[1] ?? '');
  expect(clock).toBeGreaterThanOrEqual(before);
  expect(clock).toBeLessThanOrEqual(Date.now());
  expect(xml).not.toContain('looks like');
  const seconds = { headers: { deadline: Math.floor(Date.now() / 1_000) + 600 } };
  const answer = await running.requester.request(getRequest(1), seconds);
  expect(codesIn(answer.xml)).toEqual(['EXPIRED']);
  expect(answer.xml).toContain('the deadline looks like seconds');
});

test('a deadline that is an AMQP timestamp is refused with that reason', async () => {
  const deadline = { '!': 'timestamp', value: Math.floor(Date.now() / 1_000) + 600 };
  const { xml } = await running.requester.request(getRequest(1), { headers: { deadline } });
  expect(codesIn(xml)).toEqual(['INVALID_REQUEST']);
  expect(xml).toContain('it is an AMQP timestamp, which counts seconds');
});
