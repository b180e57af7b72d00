import type { ContactRepository } from '../contacts/repository.ts';
import type { Method } from '../protocol/method.ts';
import { contactCreate } from './contact.create.ts';
import { contactDelete } from './contact.delete.ts';
import { contactGet } from './contact.get.ts';
import { type MethodLimits, contactList } from './contact.list.ts';
import { contactUpdate } from './contact.update.ts';

/** The methods of the API, one line each. */
export function apiMethods(contacts: ContactRepository, limits: MethodLimits): readonly Method[] {
  return [
    contactCreate(contacts),
    contactUpdate(contacts),
    contactGet(contacts),
    contactDelete(contacts),
    contactList(contacts, limits),
  ];
}
