import type { AggregateOptions, Document, Filter } from 'mongodb';

import type { Contact, ContactId } from '../contacts/contact.ts';
import type { ContactPage, ContactQuery } from '../contacts/repository.ts';
import { contactOf, emailKey, NOT_DELETED, type Collections, type ContactDocument } from './documents.ts';

const READ_FIELDS = { client_id: 1, first_name: 1, last_name: 1, email: 1, phone: 1, mobile_phone: 1 } as const;

/** The contacts with these ids; `undefined` for one that does not exist or was deleted. */
export async function getContacts(
  { contacts }: Collections,
  ids: readonly ContactId[],
): Promise<readonly (Contact | undefined)[]> {
  const found = await contacts
    .find({ _id: { $in: ids }, ...NOT_DELETED }, { projection: READ_FIELDS, batchSize: ids.length + 1 })
    .toArray();
  const byId = new Map(found.map((document) => [document._id, contactOf(document)]));
  return ids.map((id) => byId.get(id));
}

/**
 * The page of each query; result `i` belongs to query `i`. All filtered pages of one call are one command, which the server
 * gives up after `maxTimeMs` milliseconds; that is then a defect of a query and no outage.
 */
export async function listContacts(
  collections: Collections,
  queries: readonly ContactQuery[],
  maxTimeMs: number,
): Promise<readonly ContactPage[]> {
  const wanted = queries.map((query, at): PageRead => ({ query, at, skip: (query.page - 1) * query.per_page }));
  // Numbers beyond are not exact, and there cannot be as many contacts.
  const possible = wanted.filter(({ skip }) => Number.isSafeInteger(skip));
  const [ofEveryone, ofSome] = [possible.filter(isOfEveryone), possible.filter((read) => !isOfEveryone(read))];
  const limit = { maxTimeMS: maxTimeMs };
  const found = await Promise.all([
    readPages(collections, ofSome, limit),
    // A hint is for the first page of a command only.
    ...ofEveryone.map((read) => readPages(collections, [read], { ...limit, hint: { _id: 1 } })),
  ]);
  const documents = found.flat();
  return queries.map(({ per_page }, at) => {
    // The server tells which document is of which query; in which order they come is not promised.
    const own = documents.filter(({ page }) => page === at).toSorted((a, b) => a._id - b._id);
    return { contacts: own.slice(0, per_page).map(contactOf), hasMore: own.length > per_page };
  });
}

/** One page to be read, and its query's place among those of the call. */
interface PageRead {
  readonly query: ContactQuery;
  readonly at: number;
  readonly skip: number;
}

type StoredPage = readonly (ContactDocument & { readonly page: number })[];

/** Reads pages with one command: of each a command costs more at the database than a page. */
async function readPages(
  { contacts }: Collections,
  reads: readonly PageRead[],
  options: AggregateOptions,
): Promise<StoredPage> {
  const [first, ...others] = reads.map(pipelineOf);
  if (first === undefined) return [];
  const pipeline = [
    ...first,
    ...others.map((other) => ({ $unionWith: { coll: contacts.collectionName, pipeline: other } })),
  ];
  const most = reads.reduce((sum, { query }) => sum + query.per_page + 1, 0);
  return contacts.aggregate<StoredPage[number]>(pipeline, { ...options, batchSize: most + 1 }).toArray();
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
  // A tombstone has neither field, so only a list of everyone meets any.
  if (client_id === undefined && email === undefined) return NOT_DELETED;
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
