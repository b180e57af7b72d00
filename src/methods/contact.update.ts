import type { ContactChanges, ContactId } from '../contacts/contact.ts';
import type { ContactRepository } from '../contacts/repository.ts';
import type { Method } from '../protocol/method.ts';
import { commandOf, group, mandatory, membersReader, optional } from './elements.ts';
import { email, identifier, personName, phoneNumber } from './fields.ts';
import { outcomeResponse, earlierResponse } from './outcome-response.ts';

interface UpdateCommand {
  readonly id: ContactId;
  readonly changes: ContactChanges;
}

const readBody = membersReader({
  contact: mandatory(
    group({
      contact_id: mandatory(identifier),
      client_id: optional(identifier),
      first_name: optional(personName),
      last_name: optional(personName),
      email: optional(email),
      phone: optional(phoneNumber),
      mobile_phone: optional(phoneNumber),
    }),
  ),
});

/** Changes what the request names and nothing else; naming nothing is allowed and only asks that the contact is there. */
export function contactUpdate(contacts: ContactRepository): Method<UpdateCommand> {
  return {
    name: 'contact.update',
    read: (body) =>
      commandOf(readBody(body), ({ contact: { contact_id, ...changes } }) => ({ id: contact_id, changes })),
    subject: ({ id }) => String(id),
    async execute(batch) {
      const outcomes = await contacts.update(batch.map(({ command, key }) => ({ key, ...command })));
      return outcomes.map(outcomeResponse);
    },
    async findEarlierOutcomes(batch) {
      const made = await contacts.findEarlierUpdates(batch.map(({ command, key }) => ({ key, ...command })));
      return made.map(earlierResponse);
    },
  };
}
