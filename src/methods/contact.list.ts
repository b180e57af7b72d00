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

/** Settings of the methods, and a callback. */
export interface MethodLimits {
  /** Most contacts on a page of contact.list; at least 1. */
  readonly listMaxPerPage: number;
  /** Called for each contact that a list skips because no answer can contain its text. */
  readonly leftOut?: (why: ItemDefectError) => void;
}

const DEFAULT_PER_PAGE = 25;

/**
 * Most contacts that the lists of one batch may request: eight default lists, or one long list. One
 * command reads them all, and their answers are encoded together: with more, quick lists would wait
 * for slow ones, and all other requests for both.
 */
const MAX_BATCH = 8 * DEFAULT_PER_PAGE;

/** Answers one page of the contacts that match all given filters, in ascending contact_id. */
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
    // Even a short list costs a query.
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

/**
 * Skips contacts with a text that XML forbids, which only another program can have stored: one such
 * text would fail the whole page.
 */
function pageResponse(
  { page, per_page }: ContactQuery,
  found: ContactPage,
  leftOut: (why: ItemDefectError) => void,
): OkResponse {
  const contacts = found.contacts.filter(isEncodable);
  if (contacts.length < found.contacts.length) {
    for (const { contact_id } of found.contacts.filter((contact) => !isEncodable(contact))) {
      leftOut(new ItemDefectError(`contact ${contact_id} has a text with characters that XML forbids`));
    }
  }
  return ok(contacts.map(contactElement), { page, per_page, has_more: found.hasMore });
}

function isEncodable(contact: Contact): boolean {
  const { first_name, last_name, phone, mobile_phone } = contact;
  return isLegalText(first_name + last_name + contact.email + phone + mobile_phone);
}
