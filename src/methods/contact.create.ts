import type { ContactFields } from '../contacts/contact.ts';
import type { ContactRepository } from '../contacts/repository.ts';
import type { Method, Read } from '../protocol/method.ts';
import type { XmlElement } from '../protocol/request.ts';
import { ok } from '../protocol/response.ts';
import { commandOf, group, mandatory, membersReader, optional } from './elements.ts';
import { contactIdElement } from './contact-element.ts';
import { email, identifier, personName, phoneNumber } from './fields.ts';
import { REPEATED } from './write-response.ts';

const readBody = membersReader({
  contact: mandatory(
    group({
      client_id: mandatory(identifier),
      first_name: mandatory(personName),
      last_name: mandatory(personName),
      email: mandatory(email),
      phone: optional(phoneNumber),
      mobile_phone: optional(phoneNumber),
    }),
  ),
});

/** Reads and validates the body of a contact.create, without a store. */
export function readContactCreate(body: readonly XmlElement[]): Read<ContactFields> {
  return commandOf(readBody(body), ({ contact }) => ({ phone: '', mobile_phone: '', ...contact }));
}

/** Creates a contact and answers its contact_id. A repeated request gets the same one. */
export function contactCreate(contacts: ContactRepository): Method<ContactFields> {
  return {
    name: 'contact.create',
    read: readContactCreate,
    async execute(batch) {
      const created = await contacts.create(batch.map(({ command, key }) => ({ key, fields: command })));
      return created.map((one) =>
        one instanceof Error ? one : ok([contactIdElement(one.id)], one.repeated ? REPEATED : undefined),
      );
    },
    async findEarlierOutcomes(batch) {
      const earlier = await contacts.findEarlierCreations(batch.map(({ command, key }) => ({ key, fields: command })));
      return earlier.map((created) => created && ok([contactIdElement(created.id)], REPEATED));
    },
  };
}
