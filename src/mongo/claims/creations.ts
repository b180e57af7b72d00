import type { Created, Creation, IdempotencyKey } from '../../contacts/repository.ts';
import type { ContactFields } from '../../contacts/contact.ts';
import { StoreDefectError } from '../../protocol/errors.ts';
import {
  changeClaims,
  findClaims,
  findClaimsByPrefix,
  insertClaims,
  isUsable,
  NEVER_USABLE,
  statesOf,
  type Reclaim,
} from './claims.ts';
import { nextId, raiseCounter, reserveIds } from '../contact-ids.ts';
import { insertContacts, newContact } from '../contact-inserts.ts';
import { findEarlierCreations, lookingUpRepeats, originalsOf, outcomesOfAll, type Create } from '../creations.ts';
import type { ClaimDocument, Collections } from '../documents.ts';
import { isClaimsComplete } from './completeness.ts';

/**
 * Rounds before a batch that still collides counts as a defect. A repeat needs two; a claim that was
 * never used and has aged needs four.
 */
const MAX_ROUNDS = 10;

/** A creation without an outcome yet. */
interface OpenCreation {
  /** Its index in the batch. */
  readonly at: number;
  readonly key: IdempotencyKey;
  readonly fields: ContactFields;
  /** The key of its claim: its own, or that of an earlier delivery. */
  claimKey: string;
  claim: ClaimDocument | undefined;
  /** Whether this call made the claim, so that nothing else can have used it. */
  isNew: boolean;
  /** Whether its contact was refused as a duplicate of another document. */
  collided: boolean;
}

type Outcome = Created | StoreDefectError;

/**
 * As `creationsOf`, without a unique index on contacts: a claim under the request's key reserves the
 * contact_id, then the contact is inserted with that id. Whoever finds a claim without its contact
 * inserts it: a repeat has the same fields.
 */
export function claimedCreationsOf(collections: Collections, retentionMs: number): Create {
  return lookingUpRepeats((batch, lookUpFirst) =>
    new ClaimedBatch(collections, retentionMs, batch).create(lookUpFirst),
  );
}

/** One batch of creations: rounds of claiming and inserting, until each has an outcome. */
class ClaimedBatch {
  readonly #collections: Collections;
  readonly #retentionMs: number;
  readonly #originals: readonly number[];
  readonly #outcomes: (Outcome | undefined)[];
  readonly #items: readonly OpenCreation[];

  constructor(collections: Collections, retentionMs: number, batch: readonly Creation[]) {
    this.#collections = collections;
    this.#retentionMs = retentionMs;
    this.#originals = originalsOf(batch);
    this.#outcomes = batch.map(() => undefined);
    this.#items = batch
      .map(({ key, fields }, at): OpenCreation => ({
        at,
        key,
        fields,
        claimKey: key.id,
        claim: undefined,
        isNew: false,
        collided: false,
      }))
      .filter(({ at }) => this.#originals[at] === at);
  }

  async create(lookUpFirst: boolean): Promise<readonly Outcome[]> {
    await this.#adoptEarlierDeliveries();
    for (let round = 1; this.#open.length > 0; round += 1) {
      if (round > MAX_ROUNDS)
        throw new StoreDefectError(`create contacts: claims were contested in ${MAX_ROUNDS} rounds`);
      if (round > 1 || lookUpFirst) await this.#readClaims();
      await this.#claim();
      await this.#judge();
      await this.#insertContacts();
    }
    return outcomesOfAll(this.#originals, this.#outcomes);
  }

  get #open(): readonly OpenCreation[] {
    return this.#items.filter(({ at }) => this.#outcomes[at] === undefined);
  }

  #record(item: OpenCreation, outcome: Outcome): void {
    this.#outcomes[item.at] = outcome;
  }

  /** Creations with a prefix use the claim of an earlier delivery, whether its contact exists or not. */
  async #adoptEarlierDeliveries(): Promise<void> {
    const prefixed = this.#open.filter(({ key }) => key.earlier !== undefined);
    if (prefixed.length === 0) return;
    const found = await findClaimsByPrefix(
      this.#collections,
      prefixed.map(({ key }) => key),
    );
    const states = await statesOf(this.#collections, [...found.values()].flat(), this.#retentionMs);
    for (const item of prefixed) {
      const claims = found.get(item.key) ?? [];
      const claim = claims.find((one) => states.get(one) === 'done') ?? claims[0];
      if (claim !== undefined) [item.claim, item.claimKey] = [claim, claim._id];
    }
    const without = prefixed.filter(({ claim }) => claim === undefined);
    if (without.length === 0 || (await isClaimsComplete(this.#collections))) return;
    const earlier = await findEarlierCreations(this.#collections, without);
    without.forEach((item, i) => earlier[i] !== undefined && this.#record(item, earlier[i]));
  }

  async #readClaims(): Promise<void> {
    const found = await findClaims(
      this.#collections,
      this.#open.map(({ claimKey }) => claimKey),
    );
    const byKey = new Map(found.map((claim) => [claim._id, claim]));
    for (const item of this.#open) [item.claim, item.isNew] = [byKey.get(item.claimKey), false];
  }

  /** Claims an id for each creation without a claim. One whose key is taken is read in the next round. */
  async #claim(): Promise<void> {
    const unclaimed = this.#open.filter(({ claim }) => claim === undefined);
    if (unclaimed.length === 0) return;
    const firstId = await reserveIds(this.#collections, unclaimed.length, { claiming: true });
    const at = new Date();
    const claims = unclaimed.map((item, i) => ({ item, claim: { _id: item.claimKey, contact_id: firstId + i, at } }));
    // Two workers that insert the same keys in one order wait for each other instead of deadlocking.
    claims.sort((one, other) => (one.claim._id < other.claim._id ? -1 : 1));
    const rejected = await insertClaims(
      this.#collections,
      claims.map(({ claim }) => claim),
    );
    claims.forEach(({ item, claim }, i) => {
      const defect = rejected.get(i);
      if (defect !== undefined) this.#record(item, defect);
      else if (!rejected.has(i)) [item.claim, item.isNew] = [claim, true];
    });
  }

  /** Settles the creations whose claim was found, and gives those another id whose claim is void. */
  async #judge(): Promise<void> {
    const found = this.#open.filter(({ claim, isNew }) => claim !== undefined && !isNew);
    if (found.length === 0) return;
    const states = await statesOf(
      this.#collections,
      found.flatMap(({ claim }) => claim ?? []),
      this.#retentionMs,
    );
    const stateOf = ({ claim }: OpenCreation): unknown => claim && states.get(claim);
    for (const item of found) {
      if (stateOf(item) === 'done' && item.claim !== undefined)
        this.#record(item, { id: item.claim.contact_id, repeated: true });
    }
    await this.#replace(found.filter((item) => stateOf(item) === 'void'));
    await this.#followContacts(found.filter((item) => stateOf(item) === 'open' && item.collided));
  }

  /** Reserves another id for claims whose id must not be used. They are read in the next round. */
  async #replace(items: readonly OpenCreation[]): Promise<void> {
    const claims = items.flatMap(({ claim }) => claim ?? []);
    if (claims.length === 0) return;
    for (const item of items) item.claim = undefined;
    await raiseCounter(this.#collections);
    const firstId = await reserveIds(this.#collections, claims.length, { claiming: true });
    const at = new Date();
    const changes = claims.map((claim, i): Reclaim => ({ claim, contact_id: firstId + i, at }));
    await changeClaims(this.#collections, changes, { below: firstId, retentionMs: this.#retentionMs });
  }

  /**
   * Contacts that were refused although their number is free: the unique index of a database that
   * was not sharded yet knows their key. Their claims change to the contact that has it.
   */
  async #followContacts(items: readonly OpenCreation[]): Promise<void> {
    if (items.length === 0) return;
    const earlier = await findEarlierCreations(
      this.#collections,
      items.map(({ claimKey, fields }) => ({ key: { id: claimKey }, fields })),
    );
    const changes: Reclaim[] = [];
    items.forEach((item, i) => {
      const contact_id = earlier[i]?.id;
      item.collided = false;
      if (item.claim === undefined || contact_id === undefined) return;
      changes.push({ claim: item.claim, contact_id, at: NEVER_USABLE });
      item.claim = undefined;
    });
    if (changes.length === 0) return;
    const below = await nextId(this.#collections);
    await changeClaims(this.#collections, changes, { below, retentionMs: this.#retentionMs });
  }

  /** Inserts the contact of each creation that holds a usable claim. */
  async #insertContacts(): Promise<void> {
    const ready = this.#open.flatMap((item) => {
      const { claim } = item;
      // Checked here again: the process may have been suspended since it claimed.
      return claim !== undefined && isUsable(claim, this.#retentionMs) ? [{ item, claim }] : [];
    });
    if (ready.length === 0) return;
    ready.sort((one, other) => one.claim.contact_id - other.claim.contact_id);
    const now = new Date();
    const documents = ready.map(({ item: { fields }, claim }) => newContact(claim.contact_id, claim._id, fields, now));
    const { rejected, duplicates } = await insertContacts(this.#collections, documents);
    ready.forEach(({ item, claim }, i) => {
      const defect = rejected.get(i);
      if (defect !== undefined) this.#record(item, defect);
      else if (rejected.has(i)) item.collided = duplicates.has(i);
      else this.#record(item, { id: claim.contact_id, repeated: false });
    });
  }
}
