import type { ContactFields } from '../contacts/contact.ts';
import type { Created, Creation, IdempotencyKey } from '../contacts/repository.ts';
import { StoreDefectError } from '../protocol/errors.ts';
import { contactIdOf, raiseCounter, reserveIds } from './contact-ids.ts';
import { insertContacts, newContact } from './contact-inserts.ts';
import { IdReserve } from './id-reserve.ts';
import type { Collections } from './documents.ts';
import { matchesKey, prefixRange } from './applied-keys.ts';
import type { Call } from './connection/calls.ts';

/**
 * Rounds before a batch that still collides counts as a defect. A repeat needs one, a counter
 * behind two.
 */
const MAX_ROUNDS = 8;

/**
 * Keys in one lookup. From about 100 on, the DocumentDB engine reads the whole collection instead
 * of the index: 90 ms where there are 300,000 contacts, and in proportion; 32 take 2 ms.
 */
const MAX_KEYS_PER_LOOKUP = 32;

/** A creation and its index in the batch. */
interface IndexedCreation {
  readonly at: number;
  readonly key: IdempotencyKey;
  readonly fields: ContactFields;
}

/** The contact_ids of creations, by index in the batch. */
type Ids = ReadonlyMap<number, number>;

type Outcome = Created | StoreDefectError;
export type Create = (batch: readonly Creation[]) => Promise<readonly Outcome[]>;

/**
 * Creates each contact once, however often its key repeats. Result `i` belongs to creation `i`;
 * `StoreDefectError` means that the store rejects this one only.
 */
export function creationsOf(collections: Collections, call: Call): Create {
  const reserve = new IdReserve((count) =>
    call('reserve contact_ids', () => reserveIds(collections, count, { claiming: false })),
  );
  return lookingUpRepeats((batch, lookUpFirst) => createContacts(collections, reserve, batch, lookUpFirst));
}

/**
 * Repeats come in rows: a producer sends what it has sent before. An insert that collides costs the
 * database many times what a look costs, so a batch behind one of mostly repeats is looked up first.
 */
export function lookingUpRepeats(
  create: (batch: readonly Creation[], lookUpFirst: boolean) => Promise<readonly Outcome[]>,
): Create {
  let repeating = false;
  return async (batch) => {
    const outcomes = await create(batch, repeating);
    const repeats = outcomes.filter((outcome) => !(outcome instanceof StoreDefectError) && outcome.repeated);
    repeating = repeats.length > batch.length / 2;
    return outcomes;
  };
}

async function createContacts(
  collections: Collections,
  reserve: IdReserve,
  batch: readonly Creation[],
  lookUpFirst: boolean,
): Promise<readonly Outcome[]> {
  const originals = originalsOf(batch);
  const created: (Outcome | undefined)[] = batch.map(() => undefined);
  const record = (ids: Ids, repeated: boolean): void => ids.forEach((id, at) => (created[at] = { id, repeated }));

  const first = batch
    .map((creation, at): IndexedCreation => ({ at, ...creation }))
    .filter(({ at }) => originals[at] === at);
  record(await findByPrefix(collections, first), true);
  const withoutOutcome = (items: readonly IndexedCreation[]): readonly IndexedCreation[] =>
    items.filter(({ at }) => created[at] === undefined);
  if (lookUpFirst) record(await findByKey(collections, withoutOutcome(first)), true);
  let open = withoutOutcome(first);
  for (let round = 1; open.length > 0; round += 1) {
    if (round > MAX_ROUNDS)
      throw new StoreDefectError(`create contacts: no contact_id was free in ${MAX_ROUNDS} rounds`);
    const { inserted, rejected, defects } = await insert(collections, reserve, open);
    record(inserted, false);
    defects.forEach((defect, at) => (created[at] = defect));
    // An earlier run created a rejected contact, or another document has its number.
    record(await findByKey(collections, rejected), true);
    open = withoutOutcome(rejected);
    if (open.length === 0) break;
    reserve.drop();
    await raiseCounter(collections);
  }
  return outcomesOfAll(originals, created);
}

/** Gives the copies of a creation in one batch its outcome, as repeats. Each original has one. */
export function outcomesOfAll(
  originals: readonly number[],
  outcomes: readonly (Outcome | undefined)[],
): readonly Outcome[] {
  return originals.map((original, at) => {
    const outcome = outcomes[original];
    if (outcome === undefined) throw new Error('a creation has no outcome');
    return original === at || outcome instanceof StoreDefectError ? outcome : { ...outcome, repeated: true };
  });
}

/** Returns what each creation made in an earlier run, else `undefined`. Read-only. */
export async function findEarlierCreations(
  collections: Collections,
  batch: readonly Creation[],
): Promise<readonly (Created | undefined)[]> {
  const items = batch.map((creation, at): IndexedCreation => ({ at, ...creation }));
  const earlier = new Map([...(await findByPrefix(collections, items)), ...(await findByKey(collections, items))]);
  return batch.map((_, at) => {
    const id = earlier.get(at);
    return id === undefined ? undefined : { id, repeated: true };
  });
}

/**
 * For each creation, the index of the first in the batch with the same request: usually its own.
 */
export function originalsOf(batch: readonly Creation[]): readonly number[] {
  const indexes = new Map<string, number>();
  return batch.map(({ key }, at) => {
    let original = indexes.get(key.id);
    if (original === undefined && key.earlier !== undefined) {
      original = [...indexes].find(([id]) => matchesKey(key, id))?.[1];
    }
    if (original !== undefined) return original;
    indexes.set(key.id, at);
    return at;
  });
}

/** The ids that earlier deliveries created, for creations with a prefix. */
async function findByPrefix({ contacts }: Collections, items: readonly IndexedCreation[]): Promise<Ids> {
  const prefixes = new Set(items.flatMap(({ key }) => key.earlier ?? []));
  if (prefixes.size === 0) return new Map();
  const ranges = [...prefixes].map((prefix) => ({ created_by: prefixRange(prefix) }));
  const found = await contacts.find({ $or: ranges }, { projection: { created_by: 1 }, sort: { _id: 1 } }).toArray();
  return new Map(
    items.flatMap(({ at, key }) => {
      const created = found.find(({ created_by }) => matchesKey(key, created_by));
      const id = contactIdOf(created?._id);
      return id === undefined ? [] : [[at, id] as const];
    }),
  );
}

/** The ids that requests with exactly these keys created. */
async function findByKey({ contacts }: Collections, items: readonly IndexedCreation[]): Promise<Ids> {
  const keys = [...new Set(items.map(({ key }) => key.id))];
  const found = await Promise.all(
    slices(keys, MAX_KEYS_PER_LOOKUP).map((some) =>
      contacts.find({ created_by: { $in: some } }, { projection: { created_by: 1 } }).toArray(),
    ),
  );
  const ids = new Map(found.flat().map(({ _id, created_by }) => [created_by, contactIdOf(_id)]));
  return new Map(
    items.flatMap(({ at, key }) => {
      const id = ids.get(key.id);
      return id === undefined ? [] : [[at, id] as const];
    }),
  );
}

function slices<T>(items: readonly T[], size: number): readonly T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** The result of one insert. */
interface Inserted {
  readonly inserted: Ids;
  /** Collided with a document of the same key or number, or with another worker's insert. */
  readonly rejected: readonly IndexedCreation[];
  /** By index in the batch. */
  readonly defects: ReadonlyMap<number, StoreDefectError>;
}

/** Inserts each creation under its own number, in the order of the batch. */
async function insert(
  collections: Collections,
  reserve: IdReserve,
  items: readonly IndexedCreation[],
): Promise<Inserted> {
  const reserved = await reserve.take(items.length);
  const now = new Date();
  const numbered = items.flatMap((item, i) => {
    const id = reserved[i];
    return id === undefined ? [] : [{ item, id }];
  });
  // Two workers that insert the same keys in one order wait for each other; in two orders they
  // deadlock more.
  numbered.sort((a, b) => (a.item.key.id < b.item.key.id ? -1 : 1));
  const { rejected: rejections } = await insertContacts(
    collections,
    numbered.map(({ item: { key, fields }, id }) => newContact(id, key.id, fields, now)),
  );
  const defects = new Map<number, StoreDefectError>();
  const rejected: IndexedCreation[] = [];
  for (const [i, defect] of rejections) {
    const item = numbered[i]?.item;
    if (item !== undefined && defect === undefined) rejected.push(item);
    else if (item !== undefined && defect !== undefined) defects.set(item.at, defect);
  }
  // The next round assigns numbers in the order of the batch, as this one did.
  rejected.sort((a, b) => a.at - b.at);
  const written = numbered.filter((_, i) => !rejections.has(i));
  return { inserted: new Map(written.map(({ item, id }) => [item.at, id])), rejected, defects };
}
