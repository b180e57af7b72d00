import { expect, test } from 'vitest';

import type { ContactRepository } from '../../../src/contacts/repository.ts';
import { apiMethods } from '../../../src/methods/index.ts';
import type { Method } from '../../../src/protocol/method.ts';
import { ok } from '../../../src/protocol/response.ts';
import { codesIn, createRequest, okAnswer, request } from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';

/** A sixth method: all that its author writes. */
function contactExists(contacts: ContactRepository): Method<number> {
  return {
    name: 'contact.exists',
    read: (body) => ({ valid: true, command: Number(body[0]?.text) }),
    subject: String,
    execute: async (batch) => {
      const found = await contacts.get(batch.map(({ command }) => command));
      return found.map((contact) => ok([{ name: 'exists', content: contact === undefined ? 'no' : 'yes' }]));
    },
  };
}

const running = runningWorker(
  {},
  {
    methods: (contacts, limits) => [...apiMethods(contacts, limits), contactExists(contacts)],
  },
);

test('a sixth registered method is served like the other five', async () => {
  await running.requester.request(createRequest());
  const yes = await running.requester.request(request('contact.exists', '<contact_id>1</contact_id>'));
  expect(yes.xml).toBe(okAnswer('<exists>yes</exists>'));
  expect(yes.properties.type).toBe('contact.exists');
  const no = await running.requester.request(request('contact.exists', '<contact_id>2</contact_id>'));
  expect(no.xml).toBe(okAnswer('<exists>no</exists>'));
});

test('the answer to an unknown method lists all six', async () => {
  const { xml, properties } = await running.requester.request(request('contact.copy', ''));
  expect(codesIn(xml)).toEqual(['UNKNOWN_METHOD']);
  expect(properties.type).toBe('request');
  for (const name of ['create', 'update', 'get', 'delete', 'list', 'exists']) expect(xml).toContain(`contact.${name}`);
});
