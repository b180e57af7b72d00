import { RequestError, type PlainContacts, type Stored } from './plain-contacts.ts';
import { readRequest } from './plain-requests.ts';
import { answer } from './plain-xml.ts';

/** Executes a request; returns its answer, and the answer's status. */
export async function answerTo(
  contacts: PlainContacts,
  request: Buffer,
): Promise<{ readonly body: string; readonly status: 'ok' | 'fail' }> {
  try {
    const { method, fields } = readRequest(request);
    return { body: answer(method, await execute(contacts, method, fields)), status: 'ok' };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { body: answer('fail', error), status: 'fail' };
  }
}

async function execute(
  contacts: PlainContacts,
  method: string,
  fields: Readonly<Record<string, string>>,
): Promise<readonly Stored[] | number> {
  switch (method) {
    case 'contact.create':
      return contacts.create(fields);
    case 'contact.get':
      return [await contacts.get(fields)];
    case 'contact.update':
      return contacts.update(fields);
    case 'contact.delete':
      return contacts.delete(fields);
    case 'contact.list':
      return contacts.list(fields);
    default:
      throw new RequestError('UNKNOWN_METHOD', 'there is no such method');
  }
}
