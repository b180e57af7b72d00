import { expect, test } from 'vitest';

import { element, elements, methodNamed, problemsOf } from './request-elements.ts';

const list = methodNamed('contact.list');

test('list defaults to page 1 with 25 contacts and no filter', () => {
  expect(list.read([])).toEqual({ valid: true, command: { page: 1, per_page: 25 } });
});

test('list reads both filters and the page', () => {
  const read = list.read(
    elements([
      ['per_page', '15'],
      ['page', '3'],
      ['email', 'Jane@Doe.example'],
      ['client_id', '9'],
    ]),
  );
  const command = { page: 3, per_page: 15, email: 'Jane@Doe.example', client_id: 9 };
  expect(read).toEqual({ valid: true, command });
});

test('list rejects empty and ill-typed filters', () => {
  const read = list.read(
    elements([
      ['client_id', ''],
      ['email', ''],
      ['page', '0'],
      ['per_page', '1001'],
      ['first_name', 'Jane'],
    ]),
  );
  expect(problemsOf(read)).toEqual([
    'client_id: client_id is empty',
    'email: email is empty',
    'page: page is not an integer from 1 to 9007199254740991',
    'per_page: per_page is not an integer from 1 to 1000',
    'first_name: first_name is not known here',
  ]);
});

test('the operator limits the page size, and the default respects the limit', () => {
  const small = methodNamed('contact.list', 10);
  expect(small.read([])).toEqual({ valid: true, command: { page: 1, per_page: 10 } });
  expect(small.read([element('per_page', '10')])).toEqual({ valid: true, command: { page: 1, per_page: 10 } });
  expect(problemsOf(small.read([element('per_page', '11')]))).toEqual([
    'per_page: per_page is not an integer from 1 to 10',
  ]);
});

test('lists are unordered', () => {
  expect(list).not.toHaveProperty('subject');
});
