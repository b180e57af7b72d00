import { expect, test } from 'vitest';

import {
  contactIdIn,
  createRequest,
  deleteRequest,
  getRequest,
  jane,
  listRequest,
  okAnswer,
  updateRequest,
  elements,
} from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';

const running = runningWorker();

test('a contact is created, read, updated, listed and deleted', async () => {
  const created = await running.requester.request(createRequest());
  expect(created.xml).toBe(okAnswer('<contact_id>1</contact_id>'));
  expect(created.properties).toMatchObject({
    type: 'contact.create',
    contentType: 'application/xml',
    deliveryMode: 2,
    headers: { status: 'ok' },
  });
  const { client_id: _, ...answered } = jane;
  const contact = `<contact>${elements({ contact_id: 1, ...answered })}</contact>`;
  expect((await running.requester.request(getRequest(1))).xml).toBe(okAnswer(contact));
  expect((await running.requester.request(updateRequest(1, { phone: '' }))).xml).toBe(okAnswer());
  const changed = contact.replace('<phone>(123) 456-7890</phone>', '<phone/>');
  expect((await running.requester.request(getRequest(1))).xml).toBe(okAnswer(changed));
  const listed = await running.requester.request(listRequest({ client_id: 1, page: 1, per_page: 15 }));
  expect(listed.xml).toBe(okAnswer(changed));
  expect(listed.properties).toMatchObject({
    type: 'contact.list',
    headers: { status: 'ok', page: 1, per_page: 15, has_more: false },
  });
  expect((await running.requester.request(deleteRequest(1))).xml).toBe(okAnswer());
  const deleted = await running.requester.request(getRequest(1));
  expect(deleted.xml).toContain('<code>NOT_FOUND</code>');
  expect(deleted.properties.headers).toMatchObject({ status: 'fail' });
});

test('Unicode text is returned as sent', async () => {
  const first_name = 'Ångström é é \u{1f469}‍\u{1f52c} اَلْعَرَبِيَّةُ AT&amp;amp;T; ]]&gt;';
  const id = contactIdIn((await running.requester.request(createRequest({ ...jane, first_name }))).xml);
  expect((await running.requester.request(getRequest(id))).xml).toContain(`<first_name>${first_name}</first_name>`);
});

test('many concurrent requests each get their own answer', async () => {
  const marks = Array.from({ length: 500 }, (_, i) => `Mark${i}`);
  const created = await Promise.all(
    marks.map((last_name) => running.requester.request(createRequest({ ...jane, last_name }))),
  );
  const ids = created.map(({ xml }) => contactIdIn(xml));
  expect(new Set(ids).size).toBe(marks.length);
  const got = await Promise.all(ids.map((id) => running.requester.request(getRequest(id))));
  got.forEach(({ xml }, i) => expect(xml).toContain(`<last_name>${marks[i]}</last_name>`));
});

test('requests about one contact take effect and are answered in queue order', async () => {
  const id = contactIdIn((await running.requester.request(createRequest())).xml);
  const from = running.requester.answers.length;
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => [
      running.requester.request(updateRequest(id, { last_name: `Step${i}` })),
      running.requester.request(getRequest(id)),
    ]).flat(),
  );
  answers.forEach(({ xml }, i) => {
    if (i % 2 === 1) expect(xml).toContain(`<last_name>Step${(i - 1) / 2}</last_name>`);
  });
  expect(running.requester.answers.slice(from)).toEqual(answers);
});
