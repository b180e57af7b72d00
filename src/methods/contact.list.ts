import type { ContactPage, ContactQuery, ContactRepository } from '../contacts/repository.ts';
import type { Method } from '../protocol/method.ts';
import { ok, type OkResponse } from '../protocol/response.ts';
import { commandOf } from './command.ts';
import { contactElement } from './contact-element.ts';
import { membersReader, optional } from './elements.ts';
import { email, identifier, positiveInteger } from './fields.ts';
import type { MethodLimits } from './limits.ts';

const DEFAULT_PER_PAGE = 25;

/**
 * Contacts that the lists of one batch may ask for: four usual lists, or one that is long. Each is a query of its own, and
 * their answers are written at one go: more would let quick lists wait for slow ones, and all other requests for both.
 */
const MAX_BATCH = 4 * DEFAULT_PER_PAGE;

/** Answers one page of the contacts that all given filters fit, in ascending contact_id. */
export function contactList(contacts: ContactRepository, { listMaxPerPage }: MethodLimits): Method<ContactQuery> {
  const readBody = membersReader({
    client_id: optional(identifier),
    email: optional(email),
    page: optional(positiveInteger(Number.MAX_SAFE_INTEGER)),
    per_page: optional(positiveInteger(listMaxPerPage)),
  });
  const defaults = { page: 1, per_page: Math.min(DEFAULT_PER_PAGE, listMaxPerPage) };
  return {
    name: 'contact.list',
    maxBatch: MAX_BATCH,
    weight: ({ per_page }) => per_page,
    read: (body) => commandOf(readBody(body), (query) => ({ ...defaults, ...query })),
    execute: (batch) =>
      Promise.all(batch.map(async ({ command }) => pageResponse(command, await contacts.list(command)))),
  };
}

function pageResponse({ page, per_page }: ContactQuery, found: ContactPage): OkResponse {
  return ok(found.contacts.map(contactElement), { page, per_page, has_more: found.hasMore });
}
