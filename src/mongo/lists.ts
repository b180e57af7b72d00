import type { Buffer } from 'node:buffer';

import type { Document, Filter } from 'mongodb';

import type { Contact } from '../contacts/contact.ts';
import { type ContactPage, type ContactQuery, ItemDefectError } from '../contacts/repository.ts';
import { slicesOf, sliceTurn, type SliceLimits } from '../time/slices.ts';
import { CONTACT_IDS, highestId, placeOf } from './contact-ids.ts';
import { isTimeLimitExceeded } from './connection/errors.ts';
import { emailKey, NOT_DELETED, type Collections, type ContactDocument } from './documents.ts';
import { findRaw, type ListCommand } from './list-command.ts';
import { readListed } from './listed-documents.ts';
import { contactOf, READ_FIELDS } from './stored-contact.ts';

/** Time limits of lists, and a callback. */
export interface ListSettings {
  /** Milliseconds after which the server aborts a list that is read alone. */
  readonly singleMs: number;
  /** The same for several lists in one call: a slow one must not delay the others for long. */
  readonly batchMs: number;
  /** Called for each document that a list skips because it is not a contact. */
  readonly skipped: (why: ItemDefectError) => void;
}

type List = (queries: readonly ContactQuery[]) => Promise<readonly (ContactPage | ItemDefectError)[]>;

/**
 * Reads the page of each query; result `i` belongs to query `i`. One command reads all filtered
 * pages. A query that exceeds the time limit alone returns `ItemDefectError`. In a batch it fails
 * the call, and the caller then reads each query alone.
 */
export function listsOf(collections: Collections, settings: ListSettings): List {
  let highest = 0;
  /** A page that skips more contacts than there are ids is empty; no command is needed. */
  const isBeyond = ({ skip }: PageRead): boolean => skip > 0 && skip >= highest;
  return async (queries) => {
    const wanted = queries.map((query, at): PageRead => ({ query, at, skip: (query.page - 1) * query.per_page }));
    if (wanted.some(isBeyond)) highest = await highestId(collections);
    const maxTimeMS = queries.length === 1 ? settings.singleMs : settings.batchMs;
    try {
      const possible = wanted.filter((read) => !isBeyond(read));
      const documents = await readAll(collections, possible, { maxTimeMS });
      const found = await readDocuments(documents, queries.length);
      return queries.map((query, at) => pageOf(query, found[at] ?? [], settings.skipped));
    } catch (error) {
      if (queries.length !== 1 || !isTimeLimitExceeded(error)) throw error;
      return [new ItemDefectError(`a list took longer than the ${settings.singleMs} ms that one may take`)];
    }
  };
}

/** One page to read, and the index of its query in the call. */
interface PageRead {
  readonly query: ContactQuery;
  readonly at: number;
  readonly skip: number;
}

/** A document that is not a contact, by its place among those of its page. */
class NotAContact {
  readonly contact_id: number;
  readonly why: ItemDefectError;

  constructor(_id: unknown, why: ItemDefectError) {
    this.contact_id = placeOf(_id);
    this.why = why;
  }
}

type Found = Contact | NotAContact;

/**
 * Most documents and bytes that are read in one turn of the event loop: about a millisecond's work.
 * A usual batch is one slice, and costs no turn.
 */
const SLICE: SliceLimits = { items: 250, size: 64 * 1024 };

/** Reads the documents of all pages, by page. */
async function readDocuments(documents: readonly Buffer[], pages: number): Promise<readonly Found[][]> {
  const found: Found[][] = Array.from({ length: pages }, () => []);
  const slices = slicesOf(documents, SLICE, ({ length }) => length);
  for (const slice of slices) {
    if (slices.length > 1) await sliceTurn();
    for (const bytes of slice) {
      const document = readListed(bytes);
      const contact = contactOf(document);
      // Queries have few pages, so that the index is a plain number in any answer.
      found[Number(document.page)]?.push(
        contact instanceof ItemDefectError ? new NotAContact(document._id, contact) : contact,
      );
    }
  }
  return found;
}

function pageOf({ per_page }: ContactQuery, found: readonly Found[], skipped: ListSettings['skipped']): ContactPage {
  const contacts: Contact[] = [];
  // The server marks each document with its query, but does not promise their order.
  const ordered = found.every((one, at) => at === 0 || byId(found[at - 1] ?? one, one) <= 0)
    ? found
    : found.toSorted(byId);
  for (const one of ordered.slice(0, per_page)) {
    if (one instanceof NotAContact) skipped(one.why);
    else contacts.push(one);
  }
  return { contacts, hasMore: found.length > per_page };
}

/** The server's order for contacts. */
function byId({ contact_id: one }: Found, { contact_id: other }: Found): number {
  return one === other ? 0 : one - other;
}

async function readAll(
  collections: Collections,
  reads: readonly PageRead[],
  limit: Pick<ListCommand, 'maxTimeMS'>,
): Promise<readonly Buffer[]> {
  const [unfiltered, filtered] = [reads.filter(isUnfiltered), reads.filter((read) => !isUnfiltered(read))];
  const found = await Promise.all([
    readPages(collections, filtered, limit),
    // A hint applies only to the first page of a command.
    ...unfiltered.map((read) => readPages(collections, [read], { ...limit, hint: { _id: 1 } })),
  ]);
  return found.flat();
}

/** Reads pages with one command, because one command costs more than one page. */
async function readPages(
  { contacts }: Collections,
  reads: readonly PageRead[],
  options: Pick<ListCommand, 'maxTimeMS' | 'hint'>,
): Promise<readonly Buffer[]> {
  const [first, ...others] = reads.map(pipelineOf);
  if (first === undefined) return [];
  const pipeline = [
    ...first,
    ...others.map((other) => ({ $unionWith: { coll: contacts.collectionName, pipeline: other } })),
  ];
  const maxDocuments = reads.reduce((sum, { query }) => sum + query.per_page + 1, 0);
  return findRaw({ contacts }, { ...options, pipeline, maxDocuments });
}

function pipelineOf({ query, at, skip }: PageRead): Document[] {
  return [
    { $match: filterOf(query) },
    { $sort: { _id: 1 } },
    { $skip: skip },
    // One contact beyond the page shows whether there is another page.
    { $limit: query.per_page + 1 },
    { $project: { ...READ_FIELDS, page: { $literal: at } } },
  ];
}

function filterOf({ client_id, email }: ContactQuery): Filter<ContactDocument> {
  // Tombstones have neither field, so only an unfiltered list must exclude them. It walks the index
  // on `_id` anyway, so it can exclude foreign `_id`s at no cost.
  if (client_id === undefined && email === undefined) return { _id: CONTACT_IDS, ...NOT_DELETED };
  return {
    ...(client_id !== undefined && { client_id: { $eq: client_id } }),
    ...(email !== undefined && { email_key: { $eq: emailKey(email) } }),
  };
}

/**
 * An unfiltered list needs a hint: without one the DocumentDB engine reads all contacts, which
 * takes 54 ms for a page of 80,000 contacts instead of 2 ms.
 */
function isUnfiltered({ query: { client_id, email } }: PageRead): boolean {
  return client_id === undefined && email === undefined;
}
