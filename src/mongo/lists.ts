import type { AggregateOptions, Document, Filter } from 'mongodb';

import type { Contact } from '../contacts/contact.ts';
import { type ContactPage, type ContactQuery, ItemDefectError } from '../contacts/repository.ts';
import { CONTACT_IDS, contactIdOf, highestId } from './contact-ids.ts';
import { contactOf, READ_FIELDS, type StoredContact } from './stored-contact.ts';
import { emailKey, NOT_DELETED, type Collections, type ContactDocument } from './documents.ts';
import { isTimeLimitExceeded } from './connection/errors.ts';

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
      return queries.map((query, at) => pageOf(query, at, documents, settings.skipped));
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

type ListedDocument = StoredContact & { readonly page: number };

function pageOf(
  { per_page }: ContactQuery,
  at: number,
  documents: readonly ListedDocument[],
  skipped: ListSettings['skipped'],
): ContactPage {
  const own = documents.filter(({ page }) => page === at);
  const contacts: Contact[] = [];
  // The server marks each document with its query, but does not promise their order.
  for (const document of own.toSorted(byId).slice(0, per_page)) {
    const contact = contactOf(document);
    if (contact instanceof ItemDefectError) skipped(contact);
    else contacts.push(contact);
  }
  return { contacts, hasMore: own.length > per_page };
}

/** The server's order for contacts; an _id that is not a number sorts last. */
function byId({ _id: one }: ListedDocument, { _id: other }: ListedDocument): number {
  const [a, b] = [contactIdOf(one) ?? Infinity, contactIdOf(other) ?? Infinity];
  return a === b ? 0 : a - b;
}

async function readAll(
  collections: Collections,
  reads: readonly PageRead[],
  limit: AggregateOptions,
): Promise<readonly ListedDocument[]> {
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
  options: AggregateOptions,
): Promise<readonly ListedDocument[]> {
  const [first, ...others] = reads.map(pipelineOf);
  if (first === undefined) return [];
  const pipeline = [
    ...first,
    ...others.map((other) => ({ $unionWith: { coll: contacts.collectionName, pipeline: other } })),
  ];
  const maxDocuments = reads.reduce((sum, { query }) => sum + query.per_page + 1, 0);
  return contacts.aggregate<ListedDocument>(pipeline, { ...options, batchSize: maxDocuments + 1 }).toArray();
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
