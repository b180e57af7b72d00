import type { ContactId } from '../contacts/contact.ts';
import type { ContactRepository } from '../contacts/repository.ts';
import type { Method } from '../protocol/method.ts';
import { commandOf, mandatory, membersReader } from './elements.ts';
import { identifier } from './fields.ts';
import { outcomeResponse, earlierResponse } from './outcome-response.ts';

const readBody = membersReader({ contact_id: mandatory(identifier) });

/** Deletes a contact; its contact_id is never used again. */
export function contactDelete(contacts: ContactRepository): Method<ContactId> {
  return {
    name: 'contact.delete',
    read: (body) => commandOf(readBody(body), ({ contact_id }) => contact_id),
    subject: String,
    async execute(batch) {
      const outcomes = await contacts.delete(batch.map(({ command, key }) => ({ key, id: command })));
      return outcomes.map(outcomeResponse);
    },
    async findEarlierOutcomes(batch) {
      const made = await contacts.findEarlierDeletions(batch.map(({ command, key }) => ({ key, id: command })));
      return made.map(earlierResponse);
    },
  };
}
