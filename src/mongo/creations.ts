import type { ContactFields } from '../contacts/contact.ts';
import type { Created, Creation, EffectKey } from '../contacts/repository.ts';
import { StoreDefectError } from '../protocol/errors.ts';
import { contactIdOf, raiseCounter, reserveIds } from './contact-ids.ts';
import { fieldsToStore, type Collections, type ContactDocument } from './documents.ts';
import { isEffectOf, startingWith } from './applied-keys.ts';
import { refusalsIn } from './connection/errors.ts';

/** Rounds after which a batch that still collides is a defect; a repeat takes one, a counter behind two. */
const MAX_ROUNDS = 8;

/** A creation and its place in the batch. */
interface Item {
  readonly at: number;
  readonly key: EffectKey;
  readonly fields: ContactFields;
}

/** The contact_id of items, by their place in the batch. */
type Ids = ReadonlyMap<number, number>;

/**
 * Creates each contact once, however often its key comes; result `i` belongs to creation `i`. `StoreDefectError`: the store took the others
 * and not this one.
 */
export async function createContacts(
  collections: Collections,
  batch: readonly Creation[],
): Promise<readonly (Created | StoreDefectError)[]> {
  const originals = originalsOf(batch);
  const created: (Created | StoreDefectError | undefined)[] = batch.map(() => undefined);
  const note = (ids: Ids, repeated: boolean): void => ids.forEach((id, at) => (created[at] = { id, repeated }));

  const first = batch.map((creation, at): Item => ({ at, ...creation })).filter(({ at }) => originals[at] === at);
  note(await madeEarlier(collections, first), true);
  let open = first.filter(({ at }) => created[at] === undefined);
  for (let round = 1; open.length > 0; round += 1) {
    if (round > MAX_ROUNDS)
      throw new StoreDefectError(`create contacts: no contact_id was free in ${MAX_ROUNDS} rounds`);
    const { inserted, refused, defects } = await insert(collections, open);
    note(inserted, false);
    defects.forEach((defect, at) => (created[at] = defect));
    // What was refused was made by an earlier run of the request, or its number was taken.
    note(await madeBy(collections, refused), true);
    open = refused.filter(({ at }) => created[at] === undefined);
    if (open.length > 0) await raiseCounter(collections);
  }
  return originals.map((original, at) => {
    const outcome = created[original];
    if (outcome === undefined) throw new Error('a creation has no outcome');
    return original === at || outcome instanceof StoreDefectError ? outcome : { ...outcome, repeated: true };
  });
}

/** What each creation made before, `undefined` where nothing. Changes nothing. */
export async function findEarlierCreations(
  collections: Collections,
  batch: readonly Creation[],
): Promise<readonly (Created | undefined)[]> {
  const items = batch.map((creation, at): Item => ({ at, ...creation }));
  const made = new Map([...(await madeEarlier(collections, items)), ...(await madeBy(collections, items))]);
  return batch.map((_, at) => {
    const id = made.get(at);
    return id === undefined ? undefined : { id, repeated: true };
  });
}

/** For each creation the place of the first in the batch that is the same request: mostly its own. */
function originalsOf(batch: readonly Creation[]): readonly number[] {
  const places = new Map<string, number>();
  return batch.map(({ key }, at) => {
    let original = places.get(key.id);
    if (original === undefined && key.earlier !== undefined) {
      original = [...places].find(([id]) => isEffectOf(key, id))?.[1];
    }
    if (original !== undefined) return original;
    places.set(key.id, at);
    return at;
  });
}

/** The ids that an earlier delivery made, of those items that only a prefix can recognise. */
async function madeEarlier({ contacts }: Collections, items: readonly Item[]): Promise<Ids> {
  const prefixes = new Set(items.flatMap(({ key }) => key.earlier ?? []));
  if (prefixes.size === 0) return new Map();
  const ranges = [...prefixes].map((prefix) => ({ created_by: startingWith(prefix) }));
  const made = await contacts.find({ $or: ranges }, { projection: { created_by: 1 }, sort: { _id: 1 } }).toArray();
  return new Map(
    items.flatMap(({ at, key }) => {
      const effect = made.find(({ created_by }) => isEffectOf(key, created_by));
      const id = contactIdOf(effect?._id);
      return id === undefined ? [] : [[at, id] as const];
    }),
  );
}

/** The ids that these very keys made. */
async function madeBy({ contacts }: Collections, items: readonly Item[]): Promise<Ids> {
  if (items.length === 0) return new Map();
  const places = new Map(items.map(({ at, key }) => [key.id, at]));
  const made = await contacts
    .find({ created_by: { $in: [...places.keys()] } }, { projection: { created_by: 1 } })
    .toArray();
  return new Map(
    made.flatMap(({ _id, created_by }) => {
      const at = created_by === undefined ? undefined : places.get(created_by);
      const id = contactIdOf(_id);
      return at === undefined || id === undefined ? [] : [[at, id] as const];
    }),
  );
}

/** What became of items, each named by its place in the batch or itself. */
interface Inserted {
  readonly inserted: Ids;
  /** Met a document with the same key or number, or another worker's insert of the same keys. */
  readonly refused: readonly Item[];
  readonly defects: ReadonlyMap<number, StoreDefectError>;
}

/** Inserts each under a number of its own, in the order of the batch. */
async function insert(collections: Collections, items: readonly Item[]): Promise<Inserted> {
  const firstId = await reserveIds(collections, items.length);
  const now = new Date();
  const numbered = items.map((item, i) => ({ item, id: firstId + i }));
  // Two workers that insert the same keys in one order wait for each other; in two orders an engine sees more deadlocks.
  numbered.sort((a, b) => (a.item.key.id < b.item.key.id ? -1 : 1));
  const refusals = await insertDocuments(
    collections,
    numbered.map(({ item: { key, fields }, id }): ContactDocument => ({
      _id: id,
      ...fieldsToStore(fields),
      created_by: key.id,
      applied: [],
      created_at: now,
      updated_at: now,
    })),
  );
  const defects = new Map<number, StoreDefectError>();
  const refused: Item[] = [];
  for (const [i, defect] of refusals) {
    const item = numbered[i]?.item;
    if (item !== undefined && defect === undefined) refused.push(item);
    else if (item !== undefined && defect !== undefined) defects.set(item.at, defect);
  }
  // Those that go again get their numbers in the order of the batch, as the others did.
  refused.sort((a, b) => a.at - b.at);
  const written = numbered.filter((_, i) => !refusals.has(i));
  return { inserted: new Map(written.map(({ item, id }) => [item.at, id])), refused, defects };
}

/** The positions of the documents that were not written, see `refusalsIn`. */
async function insertDocuments(
  { contacts }: Collections,
  documents: readonly ContactDocument[],
): Promise<ReturnType<typeof refusalsIn>> {
  try {
    await contacts.insertMany(documents, { ordered: false });
    return new Map();
  } catch (error) {
    return refusalsIn('create contacts', error);
  }
}
