import { create } from 'xmlbuilder2';

import { RequestError, type Stored } from './plain-contacts.ts';

/**
 * Returns the answer's document: an id for a create, contacts for get and list, empty for the
 * others.
 */
export function answer(method: string, outcome: readonly Stored[] | number | RequestError): string {
  const response = create({ version: '1.0', encoding: 'UTF-8' }).ele('response');
  if (outcome instanceof RequestError) {
    response.att('status', 'fail').ele('error').ele('code').txt(outcome.code).up().ele('message').txt(outcome.message);
    return response.end();
  }
  response.att('status', 'ok');
  if (typeof outcome === 'number') {
    if (method === 'contact.create') response.ele('contact_id').txt(String(outcome));
    return response.end();
  }
  for (const stored of outcome) {
    const contact = response.ele('contact');
    contact.ele('contact_id').txt(String(stored._id));
    for (const name of ['first_name', 'last_name', 'email', 'phone', 'mobile_phone'] as const) {
      contact.ele(name).txt(stored[name] ?? '');
    }
  }
  return response.end();
}
