import { expect, test } from 'vitest';

import { contact, JANE, methodNamed, problemsOf, subjectOf } from './request-elements.ts';

const update = methodNamed('contact.update');

test('update reads only the named fields', () => {
  const read = (fields: readonly (readonly [string, string])[]): unknown => update.read(contact(fields));
  expect(read([['contact_id', '7']])).toEqual({ valid: true, command: { id: 7, changes: {} } });
  expect(
    read([
      ['phone', ''],
      ['contact_id', '7'],
      ['client_id', '2'],
    ]),
  ).toEqual({ valid: true, command: { id: 7, changes: { phone: '', client_id: 2 } } });
  const all = read([['contact_id', '7'], ...JANE]);
  expect(all).toEqual({ valid: true, command: { id: 7, changes: { ...Object.fromEntries(JANE), client_id: 1 } } });
});

test('update rejects an empty mandatory field and a missing contact_id', () => {
  const read = update.read(
    contact([
      ['client_id', ''],
      ['first_name', ''],
      ['last_name', ''],
      ['email', ''],
      ['phone', ''],
      ['mobile_phone', ''],
    ]),
  );
  expect(problemsOf(read)).toEqual([
    'client_id: client_id is empty',
    'first_name: first_name is empty',
    'last_name: last_name is empty',
    'email: email is empty',
    'contact_id: contact_id is missing',
  ]);
});

test('update requires exactly one <contact>', () => {
  const one = contact([['contact_id', '7']]);
  expect(problemsOf(update.read([]))).toEqual(['contact: contact is missing']);
  expect(problemsOf(update.read([...one, ...one]))).toEqual(['contact: contact appears more than once']);
});

test('updates of one contact are ordered', () => {
  expect(subjectOf(update, contact([['contact_id', '12']]))).toBe('12');
});
