import { expect, test } from 'vitest';

import { contact, element, methodNamed, problemsOf, subjectOf } from './request-elements.ts';

const get = methodNamed('contact.get');

test('get reads the contact_id directly inside the request', () => {
  expect(get.read([element('contact_id', '\n 12 ')])).toEqual({ valid: true, command: 12 });
  expect(problemsOf(get.read([]))).toEqual(['contact_id: contact_id is missing']);
  expect(problemsOf(get.read([element('contact_id', 'x')]))).toEqual([
    'contact_id: contact_id is not an integer from 1 to 9007199254740991',
  ]);
});

test('get rejects a contact_id inside a <contact>', () => {
  expect(problemsOf(get.read(contact([['contact_id', '1']])))).toEqual([
    'contact: contact is not known here',
    'contact_id: contact_id is missing',
  ]);
});

test('a get is ordered among the requests about its contact', () => {
  expect(subjectOf(get, [element('contact_id', '12')])).toBe('12');
});
