import { expect, test } from 'vitest';

import { changed, contact, element, JANE, methodNamed, problemsOf, without } from './request-elements.ts';

const create = methodNamed('contact.create');

test('create reads all six fields', () => {
  expect(create.read(contact(JANE))).toEqual({
    valid: true,
    command: {
      client_id: 1,
      first_name: 'Jane',
      last_name: 'Doe',
      email: 'janedoe@janedoe.com',
      phone: '(123) 456-7890',
      mobile_phone: '',
    },
  });
});

test('create defaults to empty phones', () => {
  const read = create.read(contact(JANE.slice(0, 4)));
  expect(read).toMatchObject({ valid: true, command: { phone: '', mobile_phone: '' } });
});

test.each(['client_id', 'first_name', 'last_name', 'email'])('create rejects a missing and an empty %s', (name) => {
  expect(problemsOf(create.read(contact(without(name))))).toEqual([`${name}: ${name} is missing`]);
  expect(problemsOf(create.read(contact(changed(name, ' '))))).toEqual([`${name}: ${name} is empty`]);
});

test('create reports all problems at once', () => {
  const body = [
    element('client', '1'),
    element('contact', [
      element('email', 'jane'),
      element('contact_id', '1'),
      element('first_name', ''),
      element('phone', '1'.repeat(65)),
      element('email', 'jane@doe.example'),
    ]),
    element('page', '1'),
  ];
  expect(problemsOf(create.read(body))).toEqual([
    'client: client is not known here',
    'email: email is not one plausible e-mail address',
    'contact_id: contact_id is not known here',
    'first_name: first_name is empty',
    'phone: phone is longer than 64 characters',
    'email: email appears more than once',
    'client_id: client_id is missing',
    'last_name: last_name is missing',
    'page: page is not known here',
  ]);
});

test('create requires exactly one <contact>', () => {
  expect(problemsOf(create.read([]))).toEqual(['contact: contact is missing']);
  expect(problemsOf(create.read([...contact(JANE), ...contact(JANE)]))).toEqual([
    'contact: contact appears more than once',
  ]);
});

test('creates are unordered', () => {
  expect(create).not.toHaveProperty('subject');
});
