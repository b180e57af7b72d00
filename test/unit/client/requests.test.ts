import { describe, expect, test } from 'vitest';

import { createDocument, getDocument, listDocument, updateDocument } from '../../../src/client/requests.ts';
import { RequestFailedError, type NewContact } from '../../../src/client/index.ts';
import { decode } from '../../../src/codec/decode.ts';
import { createRequest, getRequest, jane, listRequest, updateRequest } from '../../support/documents.ts';

const contact: NewContact = {
  clientId: jane.client_id,
  firstName: jane.first_name,
  lastName: jane.last_name,
  email: jane.email,
  phone: jane.phone,
  mobilePhone: jane.mobile_phone,
};

const textOf = ({ body }: { readonly body: Buffer }): string => body.toString();

test('documents are what a producer would write', () => {
  expect(textOf(createDocument(contact))).toBe(createRequest());
  expect(textOf(getDocument(5))).toBe(getRequest(5));
  expect(textOf(updateDocument(5, { email: 'a@b.c' }))).toBe(updateRequest(5, { email: 'a@b.c' }));
  expect(textOf(listDocument({ perPage: 5, page: 2, email: 'a@b.c', clientId: 3 }))).toBe(
    listRequest({ client_id: 3, email: 'a@b.c', page: 2, per_page: 5 }),
  );
  expect(textOf(listDocument({}))).toBe(listRequest().replace('></request>', '/>'));
});

test('what is undefined is left out, what is empty is not', () => {
  const changes = { firstName: undefined, phone: '' };
  expect(textOf(updateDocument(5, changes))).toBe(
    updateRequest(5, { phone: '' }).replace('<phone></phone>', '<phone/>'),
  );
});

test('any text that XML allows is read by the worker as it was', () => {
  const firstName = ']]>&amp;<![CDATA[ \r\n\t"\'\u{10FFFF}';
  const decoded = decode(createDocument({ ...contact, firstName }).body);
  const fields = decoded.ok ? decoded.request.body[0]?.children : [];
  expect(fields?.find(({ name }) => name === 'first_name')?.text).toBe(firstName);
});

describe('what no document can say is refused with all problems', () => {
  const refused = (fields: object): unknown => {
    try {
      return createDocument({ ...contact, ...fields });
    } catch (error) {
      expect(error).toBeInstanceOf(RequestFailedError);
      return (error as RequestFailedError).problems.map(({ field, message }) => field ?? message);
    }
  };

  test.each([
    [{ firstName: '\u0001', email: '\uFFFF' }, ['first_name', 'email']],
    [{ phone: null, lastName: {}, clientId: true }, ['client_id', 'last_name', 'phone']],
    [
      { first_name: 'Jane' },
      ['there is no field first_name; there are clientId, firstName, lastName, email, phone, mobilePhone'],
    ],
  ])('%j', (fields, problems) => {
    expect(refused(fields)).toEqual(problems);
  });
});
