import type { Buffer } from 'node:buffer';

import type { Contact } from '../contacts/contact.ts';
import {
  type ContactPage,
  type ContactQuery,
  type ContactRepository,
  ItemDefectError,
} from '../contacts/repository.ts';
import type { Method } from '../protocol/method.ts';
import { type EncodeRows, ok, type OkResponse } from '../protocol/response.ts';
import { slicesOf, sliceTurn, type SliceLimits } from '../time/slices.ts';
import { commandOf, membersReader, optional } from './elements.ts';
import { CONTACT_ROWS } from './contact-element.ts';
import { email, identifier, positiveInteger } from './fields.ts';

/** Settings of the methods, what they need of the codec, and a callback. */
export interface MethodLimits {
  /** Most contacts on a page of contact.list; at least 1. */
  readonly listMaxPerPage: number;
  readonly encodeRows: EncodeRows;
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
  const { listMaxPerPage } = limits;
  const encodeSlice = sliceEncoder(limits);
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
      const queries = batch.map(({ command }) => command);
      return responsesTo(queries, await contacts.list(queries), encodeSlice);
    },
  };
}

/**
 * Most contacts, and UTF-16 units of their texts, that are encoded in one turn of the event loop:
 * about a millisecond's work, even if each character needs an escape. A usual batch is one slice,
 * and costs no turn.
 */
const SLICE: SliceLimits = { items: MAX_BATCH, size: 32 * 1024 };

/** Encodes the pages of a batch. Returns an error in its place. */
async function responsesTo(
  queries: readonly ContactQuery[],
  pages: readonly (ContactPage | ItemDefectError)[],
  encodeSlice: (contacts: readonly Contact[]) => Buffer,
): Promise<readonly (OkResponse | ItemDefectError)[]> {
  const all = pages.flatMap((page) => (page instanceof Error ? [] : page.contacts));
  const isLong = slicesOf(all, SLICE, unitsOf).length > 1;
  const responses: (OkResponse | ItemDefectError)[] = [];
  for (const [at, { page, per_page }] of queries.entries()) {
    const found = pages[at];
    if (found === undefined) break;
    if (found instanceof Error) {
      responses.push(found);
      continue;
    }
    const encoded: Buffer[] = [];
    for (const slice of slicesOf(found.contacts, SLICE, unitsOf)) {
      if (isLong) await sliceTurn();
      encoded.push(encodeSlice(slice));
    }
    responses.push(ok({ encoded }, { page, per_page, has_more: found.hasMore }));
  }
  return responses;
}

function unitsOf({ first_name, last_name, email: address, phone, mobile_phone }: Contact): number {
  return first_name.length + last_name.length + address.length + phone.length + mobile_phone.length;
}

/**
 * Skips contacts with a text that XML forbids, which only another program can have stored: one such
 * text would fail the whole page.
 */
function sliceEncoder({ encodeRows, leftOut }: MethodLimits): (contacts: readonly Contact[]) => Buffer {
  return (contacts) =>
    encodeRows(CONTACT_ROWS, contacts, (at) => {
      const text = `contact ${contacts[at]?.contact_id ?? ''} has a text with characters that XML forbids`;
      leftOut?.(new ItemDefectError(text));
    });
}
