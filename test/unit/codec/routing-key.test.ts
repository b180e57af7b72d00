import { expect, test } from 'vitest';

import { letterAddress, routingKeyIn } from '../../../src/codec/routing-key.ts';
import {
  createRequest,
  deleteRequest,
  getRequest,
  listRequest,
  request,
  updateRequest,
} from '../../support/documents.ts';

const ID = 'message-1';

test.each([
  ['get', getRequest(17), '17'],
  ['delete', deleteRequest(17), '17'],
  ['update', updateRequest(17, { phone: '1' }), '17'],
  ['get with white space', request('contact.get', ' <contact_id>\n 17 </contact_id> '), '17'],
  ['create', createRequest(), ID],
  ['list', listRequest(), ID],
  ['create that names an id', request('contact.create', '<contact><contact_id>17</contact_id></contact>'), ID],
  ['an id that the worker refuses', request('contact.get', '<contact_id>017</contact_id>'), ID],
  ['an unknown method', request('contact.merge', '<contact_id>17</contact_id>'), ID],
  ['no document', 'contact_id=17', ID],
  ['a document above the limit', `${getRequest(17)}${' '.repeat(1024 * 1024)}`, ID],
])('%s', (_, xml, key) => {
  expect(routingKeyIn(Buffer.from(xml), ID)).toBe(key);
});

test('without message_id the key is empty', () => {
  expect(routingKeyIn(Buffer.from(createRequest()), undefined)).toBe('');
});

test('a letter goes back to its queue, or by its key to the exchange', () => {
  const letter = { body: Buffer.from(getRequest(5)), properties: { message_id: ID } };
  expect(letterAddress({ name: 'q', count: 1 }, letter)).toEqual({ exchange: '', routingKey: 'q' });
  expect(letterAddress({ name: 'q', count: 2 }, letter)).toEqual({ exchange: 'q', routingKey: '5' });
});
