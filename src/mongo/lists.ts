import type { AggregateOptions, Document, Filter } from 'mongodb';

import type { Contact } from '../contacts/contact.ts';
import { type ContactPage, type ContactQuery, ItemDefectError } from '../contacts/repository.ts';
import { CONTACT_IDS, contactIdOf, highestId } from './contact-ids.ts';
import { contactOf, READ_FIELDS, type StoredContact } from './stored-contact.ts';
import { emailKey, NOT_DELETED, type Collections, type ContactDocument } from './documents.ts';
import { isTooSlow } from './connection/errors.ts';

/** How lists are read. */
export interface ListSettings {
  /** Milliseconds after which the server gives a list up. */
  readonly aloneMs: number;
  /** The same for several that are read together: a slow one must not hold the others for long. */
  readonly togetherMs: number;
  /** Told of each document that a list leaves out, as it is no contact. */
  readonly leftOut: (why: ItemDefectError) => void;
}

type List = (queries: readonly ContactQuery[]) => Promise<readonly (ContactPage | ItemDefectError)[]>;

/**
 * Reads the page of each query; result `i` belongs to query `i`. All filtered pages of one call are one command. A query that takes
 * too long alone is `ItemDefectError`; among others it makes the call fail, so that each is then read alone.
 */
export function listsOf(collections: Collections, settings: ListSettings): List {
  let highest = 0;
  /** No page begins behind the highest contact_id, as there are no more contacts than ids: such a page is empty unasked. */
  const isBeyond = ({ skip }: PageRead): boolean => skip > 0 && skip >= highest;
  return async (queries) => {
    const wanted = queries.map((query, at): PageRead => ({ query, at, skip: (query.page - 1) * query.per_page }));
    if (wanted.some(isBeyond)) highest = await highestId(collections);
    const maxTimeMS = queries.length === 1 ? settings.aloneMs : settings.togetherMs;
    try {
      const possible = wanted.filter((read) => !isBeyond(read));
      const documents = await readAll(collections, possible, { maxTimeMS });
      return queries.map((query, at) => pageOf(query, at, documents, settings.leftOut));
    } catch (error) {
      if (queries.length !== 1 || !isTooSlow(error)) throw error;
      return [new ItemDefectError(`a list took longer than the ${settings.aloneMs} ms that one may take`)];
    }
  };
}

/** One page to be read, and its query's place among those of the call. */
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
  leftOut: ListSettings['leftOut'],
): ContactPage {
  const own = documents.filter(({ page }) => page === at);
  const contacts: Contact[] = [];
  // The server tells which document is of which query; in which order they come is not promised.
  for (const document of own.toSorted(byId).slice(0, per_page)) {
    const contact = contactOf(document);
    if (contact instanceof ItemDefectError) leftOut(contact);
    else contacts.push(contact);
  }
  return { contacts, hasMore: own.length > per_page };
}

/** As the server sorts, as far as contacts are concerned: what is no number comes behind them. */
function byId({ _id: one }: ListedDocument, { _id: other }: ListedDocument): number {
  const [a, b] = [contactIdOf(one) ?? Infinity, contactIdOf(other) ?? Infinity];
  return a === b ? 0 : a - b;
}

async function readAll(
  collections: Collections,
  reads: readonly PageRead[],
  limit: AggregateOptions,
): Promise<readonly ListedDocument[]> {
  const [ofEveryone, ofSome] = [reads.filter(isOfEveryone), reads.filter((read) => !isOfEveryone(read))];
  const found = await Promise.all([
    readPages(collections, ofSome, limit),
    // A hint is for the first page of a command only.
    ...ofEveryone.map((read) => readPages(collections, [read], { ...limit, hint: { _id: 1 } })),
  ]);
  return found.flat();
}

/** Reads pages with one command: of each a command costs more at the database than a page. */
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
  const most = reads.reduce((sum, { query }) => sum + query.per_page + 1, 0);
  return contacts.aggregate<ListedDocument>(pipeline, { ...options, batchSize: most + 1 }).toArray();
}

function pipelineOf({ query, at, skip }: PageRead): Document[] {
  return [
    { $match: filterOf(query) },
    { $sort: { _id: 1 } },
    { $skip: skip },
    // One more than asked for tells whether there is another page.
    { $limit: query.per_page + 1 },
    { $project: { ...READ_FIELDS, page: { $literal: at } } },
  ];
}

function filterOf({ client_id, email }: ContactQuery): Filter<ContactDocument> {
  // A tombstone has neither field, so only a list of everyone meets any; and only there is it the index that is walked anyway
  // which tells the contacts from documents with other `_id`s.
  if (client_id === undefined && email === undefined) return { _id: CONTACT_IDS, ...NOT_DELETED };
  return {
    ...(client_id !== undefined && { client_id: { $eq: client_id } }),
    ...(email !== undefined && { email_key: { $eq: emailKey(email) } }),
  };
}

/**
 * Such a list wants a hint: the DocumentDB engine reads all contacts for its condition otherwise, 54 ms for a page of 80,000
 * contacts instead of 2.
 */
function isOfEveryone({ query: { client_id, email } }: PageRead): boolean {
  return client_id === undefined && email === undefined;
}
