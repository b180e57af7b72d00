import type { ContactChanges, ContactId } from '../contacts/contact.ts';
import type { ContactRepository } from '../contacts/repository.ts';
import type { Method } from '../protocol/method.ts';
import { commandOf, group, mandatory, membersReader, optional } from './elements.ts';
import { email, identifier, personName, phoneNumber } from './fields.ts';
import { repeatedResponse, writeResponse } from './write-response.ts';

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

/** Changes only the named fields. A request that names none only checks that the contact exists. */
export function contactUpdate(contacts: ContactRepository): Method<UpdateCommand> {
  return {
    name: 'contact.update',
    read: (body) =>
      commandOf(readBody(body), ({ contact: { contact_id, ...changes } }) => ({ id: contact_id, changes })),
    subject: ({ id }) => String(id),
    async execute(batch) {
      const outcomes = await contacts.update(batch.map(({ command, key }) => ({ key, ...command })));
      return outcomes.map(writeResponse);
    },
    async findEarlierOutcomes(batch) {
      const earlier = await contacts.findEarlierUpdates(batch.map(({ command, key }) => ({ key, ...command })));
      return earlier.map(repeatedResponse);
    },
  };
}
