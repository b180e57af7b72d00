import type { CallOptions, Contact } from '../../client/index.ts';
import type { Contacts } from '../contacts.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { failureOf } from '../failure.ts';

/** What to read, and how. */
export interface ReadPlan {
  readonly contacts: Pick<Contacts, 'list' | 'get'>;
  /** Only contacts of this client. They can be read by pages only: a contact does not hold it. */
  readonly clientId: number | undefined;
  readonly perPage: number;
  /** Contacts that are read one by one at a time. */
  readonly inFlight: number;
  /** Contacts that pages read before gets may take over. */
  readonly pagedAtLeast: number;
  readonly costs: ReadCosts;
  readonly call: CallOptions;
}

/**
 * Costs in microseconds. Only their ratio matters, and only for the choice between two ways that
 * read the same.
 */
export interface ReadCosts {
  readonly get: number;
  readonly contactOfAPage: number;
  /** For each contact on the pages before. */
  readonly skippedContact: number;
}

/** As measured, see docs/decisions/0018-the-command-line.md. */
export const MEASURED_COSTS: ReadCosts = { get: 200, contactOfAPage: 40, skippedContact: 0.9 };

/** Where the pages have come to. */
interface Position {
  readonly page: number;
  /** Contacts on the pages up to here. */
  readonly count: number;
  /** The last contact_id. */
  readonly last: number;
}

/**
 * Reads all contacts in ascending contact_id, in parts. A page costs the database as much as all
 * pages before it. Where many contacts follow, they are read by contact_id instead: the cost of
 * reading `n` contacts then grows with `n`, not with its square.
 */
export async function* allContacts(plan: ReadPlan): AsyncGenerator<readonly Contact[]> {
  const { contacts, clientId, perPage, call, pagedAtLeast } = plan;
  let [last, count, decided] = [0, 0, clientId !== undefined];
  for (let page = 1, more = true; more; page += 1) {
    const found = await contacts.list({ clientId, page, perPage }, call);
    // A contact that was deleted meanwhile moves the others to earlier pages, a new one does not.
    const next = found.contacts.filter(({ contactId }) => contactId > last);
    count += found.contacts.length;
    last = next.at(-1)?.contactId ?? last;
    more = found.hasMore;
    if (next.length > 0) yield next;
    if (decided || !more || count < pagedAtLeast) continue;
    decided = true;
    const end = await lastPage(plan, { page, count, last });
    if (!isCheaperByIds({ page, count, last }, end, plan)) continue;
    yield* byIds(plan, last + 1, end.last);
    return;
  }
}

/** Finds the last page by doubling the number, then halving the distance. */
async function lastPage({ contacts, perPage, call }: ReadPlan, from: Position): Promise<Position> {
  let known = from;
  let beyond = Infinity;
  while (beyond - known.page > 1) {
    const page = beyond === Infinity ? known.page * 2 : Math.floor((known.page + beyond) / 2);
    const { contacts: found, hasMore } = await contacts.list({ page, perPage }, call);
    if (found.length === 0 && !hasMore) {
      beyond = page;
      continue;
    }
    known = { page, count: (page - 1) * perPage + found.length, last: found.at(-1)?.contactId ?? known.last };
    if (!hasMore) break;
  }
  return known;
}

/** Gets read each contact_id up to the end, those of deleted contacts, too. */
function isCheaperByIds(from: Position, end: Position, { perPage, costs }: ReadPlan): boolean {
  const left = end.count - from.count;
  const skippedByAPage = (from.count + end.count) / 2;
  const byPages = left * costs.contactOfAPage + (left / perPage) * skippedByAPage * costs.skippedContact;
  return (end.last - from.last) * costs.get < byPages;
}

/** Reads `first` to `last`, with up to `inFlight` requests at a time; in parts of as many. */
async function* byIds(plan: ReadPlan, first: number, last: number): AsyncGenerator<readonly Contact[]> {
  const { inFlight } = plan;
  const waiting: Promise<Contact | undefined>[] = [];
  let next = first;
  const fill = (): void => {
    while (waiting.length < 2 * inFlight && next <= last) {
      const read = getOrNone(plan, next);
      // It is looked at in its turn; an earlier one may fail before.
      read.catch(() => undefined);
      waiting.push(read);
      next += 1;
    }
  };
  for (fill(); waiting.length > 0; fill()) {
    const some = await Promise.all(waiting.splice(0, inFlight));
    yield some.filter((contact) => contact !== undefined);
  }
}

async function getOrNone({ contacts, call }: ReadPlan, contactId: number): Promise<Contact | undefined> {
  try {
    return await contacts.get(contactId, call);
  } catch (error) {
    if (failureOf(error).exitCode === EXIT_CODES.notFound) return undefined;
    throw error;
  }
}
