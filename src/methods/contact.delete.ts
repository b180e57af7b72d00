import type { ContactId } from '../contacts/contact.ts';
import type { ContactRepository } from '../contacts/repository.ts';
import type { Method } from '../protocol/method.ts';
import { commandOf, mandatory, membersReader } from './elements.ts';
import { identifier } from './fields.ts';
import { repeatedResponse, writeResponse } from './write-response.ts';

const readBody = membersReader({ contact_id: mandatory(identifier) });

/** Deletes a contact. Its contact_id is never reused. */
export function contactDelete(contacts: ContactRepository): Method<ContactId> {
  return {
    name: 'contact.delete',
    read: (body) => commandOf(readBody(body), ({ contact_id }) => contact_id),
    subject: String,
    async execute(batch) {
      const outcomes = await contacts.delete(batch.map(({ command, key }) => ({ key, id: command })));
      return outcomes.map(writeResponse);
    },
    async findEarlierOutcomes(batch) {
      const earlier = await contacts.findEarlierDeletions(batch.map(({ command, key }) => ({ key, id: command })));
      return earlier.map(repeatedResponse);
    },
  };
}
