import { expect, test } from 'vitest';

import { contact, element, methodNamed, problemsOf, subjectOf } from './request-elements.ts';

const remove = methodNamed('contact.delete');

test('delete reads the contact_id directly inside the request', () => {
  expect(remove.read([element('contact_id', '\n 12 ')])).toEqual({ valid: true, command: 12 });
  expect(problemsOf(remove.read([]))).toEqual(['contact_id: contact_id is missing']);
  expect(problemsOf(remove.read([element('contact_id', 'x')]))).toEqual([
    'contact_id: contact_id is not an integer from 1 to 9007199254740991',
  ]);
});

test('delete rejects a contact_id inside a <contact>', () => {
  expect(problemsOf(remove.read(contact([['contact_id', '1']])))).toEqual([
    'contact: contact is not known here',
    'contact_id: contact_id is missing',
  ]);
});

test('a delete is ordered among the requests about its contact', () => {
  expect(subjectOf(remove, [element('contact_id', '12')])).toBe('12');
});
