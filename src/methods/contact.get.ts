import type { ContactId } from '../contacts/contact.ts';
import type { ContactRepository } from '../contacts/repository.ts';
import type { Method } from '../protocol/method.ts';
import { ok } from '../protocol/response.ts';
import { commandOf, mandatory, membersReader } from './elements.ts';
import { contactElement } from './contact-element.ts';
import { identifier } from './fields.ts';
import { notFoundResponse } from './write-response.ts';

const readBody = membersReader({ contact_id: mandatory(identifier) });

/** Answers one contact. */
export function contactGet(contacts: ContactRepository): Method<ContactId> {
  return {
    name: 'contact.get',
    read: (body) => commandOf(readBody(body), ({ contact_id }) => contact_id),
    subject: String,
    async execute(batch) {
      const found = await contacts.get(batch.map(({ command }) => command));
      return found.map((contact) => {
        if (contact === undefined) return notFoundResponse();
        return contact instanceof Error ? contact : ok([contactElement(contact)]);
      });
    },
  };
}
