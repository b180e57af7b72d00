import { randomUUID } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { ExpiredError, NotFoundError, RequestFailedError, type NewContact } from '../../../src/client/index.ts';
import { clients } from '../../support/contacts-client.ts';
import { createRequest, getRequest, okAnswer } from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';

const running = runningWorker({ LIST_MAX_PER_PAGE: '3000' });
const { amqpUrl: url, queue } = running.names;
const connected = clients({ url, queue, appId: 'tests' });

const jane: NewContact = { clientId: 1, firstName: 'Jane', lastName: 'Doe', email: 'jane@example.com' };
let clientIds = 1_000;
/** No other test has contacts of this client. */
const freshClientId = (): number => (clientIds += 1);

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const value of values) read.push(value);
  return read;
}

test('a contact is created, read, changed, listed and deleted', async () => {
  const contacts = await connected();
  const clientId = freshClientId();
  const { contactId, repeated } = await contacts.create({ ...jane, clientId, phone: '1', mobilePhone: '2' });
  expect(repeated).toBe(false);
  const read = {
    contactId,
    firstName: 'Jane',
    lastName: 'Doe',
    email: 'jane@example.com',
    phone: '1',
    mobilePhone: '2',
  };
  expect(await contacts.get(contactId)).toEqual(read);
  expect(await contacts.update(contactId, { phone: '', lastName: 'Dœ & <Co>' })).toEqual({ repeated: false });
  const changed = { ...read, phone: '', lastName: 'Dœ & <Co>' };
  expect(await contacts.get(contactId)).toEqual(changed);
  const page = { contacts: [changed], hasMore: false, page: 1, perPage: 25 };
  expect(await contacts.list({ clientId })).toEqual(page);
  expect(await contacts.list({ email: 'JANE@example.com', clientId, page: 1, perPage: 7 })).toEqual({
    ...page,
    perPage: 7,
  });
  expect(await contacts.delete(contactId)).toEqual({ repeated: false });
  await expect(contacts.get(contactId)).rejects.toThrow(NotFoundError);
  expect((await contacts.list({ clientId })).contacts).toEqual([]);
});

test('a contact that was read can be written back', async () => {
  const contacts = await connected();
  const { contactId } = await contacts.create(jane);
  const read = await contacts.get(contactId);
  await contacts.update(contactId, { ...read, firstName: 'Janet' });
  expect(await contacts.get(contactId)).toEqual({ ...read, firstName: 'Janet' });
});

test('text comes back as it was sent', async () => {
  const contacts = await connected();
  const firstName = ' \t\r\n]]> &amp; <b>é\u0301\u{1f469}\u200d\u{1f52c}\u00a0" \'';
  const { contactId } = await contacts.create({ ...jane, firstName: `a${firstName}a` });
  expect((await contacts.get(contactId)).firstName).toBe(`a${firstName}a`);
});

describe('the same messageId', () => {
  test('has one effect, and the second answer says so', async () => {
    const contacts = await connected();
    const clientId = freshClientId();
    const [create, update, remove] = [randomUUID(), randomUUID(), randomUUID()];
    const first = await contacts.create({ ...jane, clientId }, { messageId: create });
    const other = await connected();
    expect(await other.create({ ...jane, clientId }, { messageId: create })).toEqual({ ...first, repeated: true });
    const changes = { firstName: 'Janet' };
    expect(await contacts.update(first.contactId, changes, { messageId: update })).toEqual({ repeated: false });
    expect(await other.update(first.contactId, changes, { messageId: update })).toEqual({ repeated: true });
    expect((await contacts.list({ clientId })).contacts).toHaveLength(1);
    expect(await contacts.delete(first.contactId, { messageId: remove })).toEqual({ repeated: false });
    expect(await other.delete(first.contactId, { messageId: remove })).toEqual({ repeated: true });
  });

  test('at the same time in one client has one effect, and both calls are answered', async () => {
    const contacts = await connected();
    const messageId = randomUUID();
    const [one, other] = await Promise.all([0, 1].map(() => contacts.create(jane, { messageId })));
    expect(one?.contactId).toBe(other?.contactId);
    expect(one?.repeated).not.toBe(other?.repeated);
  });

  test('of another appId is another request', async () => {
    const messageId = randomUUID();
    const one = await (await connected()).create(jane, { messageId });
    const other = await (await connected({ appId: 'others' })).create(jane, { messageId });
    expect(other).toEqual({ contactId: expect.any(Number), repeated: false });
    expect(other.contactId).not.toBe(one.contactId);
  });
});

describe('lists', () => {
  test('have pages, and listAll reads them all', async () => {
    const contacts = await connected();
    const clientId = freshClientId();
    const created = await Promise.all(
      Array.from({ length: 60 }, (_, i) => contacts.create({ ...jane, clientId, email: `jane.${i % 2}@example.com` })),
    );
    const ids = created.map(({ contactId }) => contactId).toSorted((a, b) => a - b);
    const second = await contacts.list({ clientId, page: 2, perPage: 25 });
    expect(second).toMatchObject({ hasMore: true, page: 2, perPage: 25 });
    expect(second.contacts.map(({ contactId }) => contactId)).toEqual(ids.slice(25, 50));
    expect(await contacts.list({ clientId, page: 99 })).toMatchObject({ contacts: [], hasMore: false });
    for (const perPage of [undefined, 7, 1_000]) {
      const read = await all(contacts.listAll({ clientId, perPage }));
      expect(read.map(({ contactId }) => contactId)).toEqual(ids);
    }
    expect(await all(contacts.listAll({ clientId, email: 'jane.1@example.com' }))).toHaveLength(30);
    expect(await all(contacts.listAll({ clientId: freshClientId() }))).toEqual([]);
  });

  test('of the largest page that a worker can be set to are read', async () => {
    const contacts = await connected();
    const clientId = freshClientId();
    await Promise.all(Array.from({ length: 1_600 }, () => contacts.create({ ...jane, clientId })));
    expect((await contacts.list({ clientId, perPage: 3_000 })).contacts).toHaveLength(1_600);
  });

  test('a loop over listAll may end early, and an error ends it', async () => {
    const contacts = await connected();
    const clientId = freshClientId();
    await Promise.all([contacts.create({ ...jane, clientId }), contacts.create({ ...jane, clientId })]);
    for await (const { lastName } of contacts.listAll({ clientId, perPage: 1 })) {
      expect(lastName).toBe('Doe');
      break;
    }
    await expect(all(contacts.listAll({ perPage: 3_001 }))).rejects.toMatchObject({
      problems: [{ code: 'INVALID_PARAMS', field: 'per_page' }],
    });
  });
});

describe('failures', () => {
  test('an answer with several problems gives all of them', async () => {
    const contacts = await connected();
    const error: unknown = await contacts
      .create({ clientId: 0, firstName: '', lastName: 'x'.repeat(256), email: 'nobody' }, { messageId: 'faulty' })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RequestFailedError);
    const { code, name, problems, message, messageId } = error as RequestFailedError;
    expect([code, name, messageId]).toEqual(['INVALID_PARAMS', 'RequestFailedError', 'faulty']);
    expect(problems.map(({ field }) => field)).toEqual(['client_id', 'first_name', 'last_name', 'email']);
    for (const problem of problems) expect(message).toContain(problem.message);
  });

  test.each(['get', 'delete', 'update'] as const)('%s of a contact that does not exist', async (method) => {
    const contacts = await connected();
    const error: unknown = await contacts[method](9_000_000_000, {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toBeInstanceOf(RequestFailedError);
    expect(error).toMatchObject({ code: 'NOT_FOUND', name: 'NotFoundError', problems: [{ code: 'NOT_FOUND' }] });
  });

  test('a deadline that has passed', async () => {
    const contacts = await connected();
    const clientId = freshClientId();
    for (const deadline of [new Date(Date.now() - 1_000), Date.now() - 1_000.5]) {
      const error: unknown = await contacts
        .create({ ...jane, clientId }, { deadline })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ExpiredError);
      expect(error).toMatchObject({ code: 'EXPIRED', name: 'ExpiredError' });
    }
    expect((await contacts.list({ clientId })).contacts).toEqual([]);
    expect(await contacts.create({ ...jane, clientId }, { deadline: null })).toMatchObject({ repeated: false });
  });

  test('a text that no document can hold is refused as the worker refuses fields', async () => {
    const contacts = await connected();
    await expect(contacts.create({ ...jane, firstName: 'a\u0000', lastName: '\uD800' })).rejects.toMatchObject({
      name: 'RequestFailedError',
      code: 'INVALID_PARAMS',
      problems: [{ field: 'first_name' }, { field: 'last_name' }],
    });
  });
});

describe('raw documents', () => {
  test('are sent as they are, and answered with document, status and headers', async () => {
    const contacts = await connected();
    const messageId = randomUUID();
    const { status, xml, headers } = await contacts.request(createRequest(), { messageId });
    const contactId = Number(/<contact_id>(\d+)</.exec(xml)?.[1]);
    expect([status, headers['status']]).toEqual(['ok', 'ok']);
    expect(xml).toBe(okAnswer(`<contact_id>${contactId}</contact_id>`));
    const again = await contacts.request(Buffer.from(createRequest()), { messageId });
    expect(again).toMatchObject({ xml, headers: { repeated: true } });
    expect((await contacts.request(getRequest(contactId))).xml).toContain('<last_name>Doe</last_name>');
  });

  test('that fail are a result', async () => {
    const contacts = await connected();
    for (const [document, code] of [
      ['<request', 'MALFORMED_XML'],
      ['<other/>', 'INVALID_REQUEST'],
      ['<request method="contact.find"/>', 'UNKNOWN_METHOD'],
      [`<!--${'-'.repeat(70_000)}-->`, 'REQUEST_TOO_LARGE'],
      ['<?xml version="1.0" encoding="EBCDIC"?><request method="contact.list"/>', 'UNSUPPORTED_ENCODING'],
    ] as const) {
      const { status, xml } = await contacts.request(document);
      expect(status).toBe('fail');
      expect(xml).toContain(`<code>${code}</code>`);
    }
  });
});
