import { Injectable } from '@nestjs/common';

import { PlainContacts, RequestError } from '../plain-contacts.ts';
import { readRequest } from '../plain-requests.ts';
import { writeAnswer, type Outcome } from './xml.ts';

export interface Answer {
  readonly body: string;
  readonly status: 'ok' | 'fail';
}

/** Executes requests. */
@Injectable()
export class ContactsHandler {
  constructor(private readonly contacts: PlainContacts) {}

  async answer(request: Buffer): Promise<Answer> {
    try {
      const { method, fields } = readRequest(request);
      return { body: writeAnswer(await this.execute(method, fields)), status: 'ok' };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { body: writeAnswer({ error }), status: 'fail' };
    }
  }

  private async execute(method: string, fields: Readonly<Record<string, string>>): Promise<Outcome> {
    switch (method) {
      case 'contact.create':
        return { created: await this.contacts.create(fields) };
      case 'contact.get':
        return { contacts: [await this.contacts.get(fields)] };
      case 'contact.update':
        await this.contacts.update(fields);
        return {};
      case 'contact.delete':
        await this.contacts.delete(fields);
        return {};
      case 'contact.list':
        return { contacts: await this.contacts.list(fields) };
      default:
        throw new RequestError('UNKNOWN_METHOD', 'there is no such method');
    }
  }
}
