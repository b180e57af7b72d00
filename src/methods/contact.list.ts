import type { Contact } from '../contacts/contact.ts';
import {
  type ContactPage,
  type ContactQuery,
  type ContactRepository,
  ItemDefectError,
} from '../contacts/repository.ts';
import type { Method } from '../protocol/method.ts';
import { ok, type OkResponse } from '../protocol/response.ts';
import { isLegalText } from '../protocol/characters.ts';
import { commandOf, membersReader, optional } from './elements.ts';
import { contactElement } from './contact-element.ts';
import { email, identifier, positiveInteger } from './fields.ts';

/** What an operator may set about methods, and what they tell beside their answers. */
export interface MethodLimits {
  /** Contacts on a page of contact.list at most; at least 1. */
  readonly listMaxPerPage: number;
  /** Told of each contact that a list leaves out, as no answer can hold its text. */
  readonly leftOut?: (why: ItemDefectError) => void;
}

const DEFAULT_PER_PAGE = 25;

/**
 * Contacts that the lists of one batch may ask for: eight usual lists, or one that is long. One command reads them all and
 * their answers are written at one go: more would let quick lists wait for slow ones, and all other requests for both.
 */
const MAX_BATCH = 8 * DEFAULT_PER_PAGE;

/** Answers one page of the contacts that all given filters fit, in ascending contact_id. */
export function contactList(contacts: ContactRepository, limits: MethodLimits): Method<ContactQuery> {
  const { listMaxPerPage, leftOut = () => undefined } = limits;
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
    // A short list is a query all the same.
    weight: ({ per_page }) => Math.max(per_page, DEFAULT_PER_PAGE),
    read: (body) => commandOf(readBody(body), (query) => ({ ...defaults, ...query })),
    execute: async (batch) => {
      const pages = await contacts.list(batch.map(({ command }) => command));
      return batch.flatMap(({ command }, i) => {
        const page = pages[i];
        if (page === undefined) return [];
        return [page instanceof Error ? page : pageResponse(command, page, leftOut)];
      });
    },
  };
}

/** One text that XML forbids, which only another program can have stored, would take all other contacts of the page with it. */
function pageResponse(
  { page, per_page }: ContactQuery,
  found: ContactPage,
  leftOut: (why: ItemDefectError) => void,
): OkResponse {
  const contacts = found.contacts.filter(isWritable);
  if (contacts.length < found.contacts.length) {
    for (const { contact_id } of found.contacts.filter((contact) => !isWritable(contact))) {
      leftOut(new ItemDefectError(`contact ${contact_id} has a text with characters that XML forbids`));
    }
  }
  return ok(contacts.map(contactElement), { page, per_page, has_more: found.hasMore });
}

function isWritable(contact: Contact): boolean {
  const { first_name, last_name, phone, mobile_phone } = contact;
  return isLegalText(first_name + last_name + contact.email + phone + mobile_phone);
}
