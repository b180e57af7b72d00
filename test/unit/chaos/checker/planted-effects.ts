import { failAnswer, okAnswer } from './answer-documents.ts';
import { BASE, both, NOTHING, pair, scenario, twin, type PlantedRun } from './planted.ts';
import { CONTACT_ID, CONTACT } from './scenario.ts';

/** Wrong contacts in the database. */
export const CONTACTS: readonly PlantedRun[] = [
  {
    what: 'a create that made two contacts',
    run: () => scenario().create(CONTACT, { id: 'twice' }).ends(CONTACT).ends(CONTACT, twin).build(),
    found: [{ invariant: 'no-effect-doubled', id: 'twice', contact: twin }],
  },
  {
    what: 'an unconfirmed create that made two contacts',
    run: () =>
      scenario().create(CONTACT, { confirmed: false, answer: 'none' }).ends(CONTACT).ends(CONTACT, twin).build(),
    found: [{ invariant: 'no-effect-from-nowhere', contact: twin }],
  },
  {
    what: 'a contact that nobody asked for',
    run: () => scenario().ends(CONTACT).build(),
    found: [{ invariant: 'no-effect-from-nowhere', contact: CONTACT_ID }],
  },
  {
    what: 'a tombstone of an unknown contact',
    run: () => scenario().ends(undefined).build(),
    found: [{ invariant: 'no-effect-from-nowhere', contact: CONTACT_ID }],
  },
  {
    what: 'an answered contact that does not exist',
    run: () => scenario().create(CONTACT, { id: 'gone' }).build(),
    found: [{ invariant: 'no-effect-lost', id: 'gone', contact: CONTACT_ID }],
  },
  {
    what: 'one contact_id for two creates',
    run: () =>
      scenario()
        .create(CONTACT)
        .create({ ...CONTACT, phone: '2' }, { id: 'other' })
        .ends(CONTACT)
        .build(),
    found: [{ invariant: 'contact-id-unique', id: 'other', contact: CONTACT_ID }],
  },
  {
    what: 'a contact that the database has twice',
    run: () => scenario().create(CONTACT).ends(CONTACT).ends(CONTACT).build(),
    found: [{ invariant: 'contact-id-unique', contact: CONTACT_ID }],
  },
];

/** Wrong contacts in a list. */
export const LISTS: readonly PlantedRun[] = [
  {
    what: 'a list without a contact that existed',
    run: () => pair().list([both[1]], { id: 'short' }).build(),
    found: [{ invariant: 'list-complete', id: 'short', contact: CONTACT_ID }],
  },
  {
    what: 'a full page without a contact before its last',
    run: () => pair(NOTHING).list([both[1]], { id: 'short' }).build(),
    options: { listPageSize: 1 },
    found: [{ invariant: 'list-complete', id: 'short', contact: CONTACT_ID }],
  },
  {
    what: 'an empty list without a contact that moved to this client',
    run: () =>
      scenario()
        .create({ ...CONTACT, client_id: 5 })
        .update({ client_id: CONTACT.client_id })
        .list([], { id: 'short' })
        .ends(CONTACT)
        .build(),
    found: [{ invariant: 'list-complete', id: 'short', contact: CONTACT_ID }],
  },
  {
    what: 'a list in descending order',
    run: () => pair().list(both.toReversed(), { id: 'odd' }).build(),
    found: [{ invariant: 'list-complete', id: 'odd' }],
  },
  {
    what: 'a list with more contacts than its page',
    run: () => pair(NOTHING).list(both, { id: 'long' }).build(),
    options: { listPageSize: 1 },
    found: [{ invariant: 'list-complete', id: 'long' }],
  },
];

/** Wrong final states. */
export const LEFTOVERS: readonly PlantedRun[] = [
  {
    what: 'requests that are left in the queue',
    run: () => scenario().build({ requestQueueDepth: 1 }),
    found: [{ invariant: 'queue-empty' }],
  },
  {
    what: 'a poison request that is not dead-lettered',
    run: () => scenario().request({ method: 'poison' }, failAnswer('INTERNAL_ERROR'), { id: 'p' }).build(),
    found: [{ invariant: 'dead-letters', id: 'p' }],
  },
  {
    what: 'a good request that is dead-lettered',
    run: () =>
      scenario()
        .create(CONTACT, { id: 'good' })
        .ends(CONTACT)
        .build({ deadLetters: [...BASE.final.deadLetters, 'good'] }),
    found: [{ invariant: 'no-innocent-blamed', id: 'good' }],
  },
  {
    what: 'an unreadable request that is not dead-lettered',
    run: () => scenario().request({ method: 'unreadable' }, okAnswer(), { id: 'u', answer: 'none' }).build(),
    found: [{ invariant: 'dead-letters', id: 'u' }],
  },
  {
    what: 'an unanswerable request that is neither answered nor dead-lettered',
    run: () => scenario().request({ method: 'unanswerable' }, okAnswer(), { id: 'u', answer: 'none' }).build(),
    found: [{ invariant: 'dead-letters', id: 'u' }],
  },
  {
    what: 'a dead letter that is no request',
    run: () => scenario().build({ deadLetters: [...BASE.final.deadLetters, 'stray'] }),
    found: [{ invariant: 'dead-letters', id: 'stray' }],
  },
  {
    what: 'a worker above its memory bound',
    run: () => scenario().build({ peakMemoryMiB: 401 }),
    found: [{ invariant: 'memory-bound' }],
  },
  {
    what: 'memory that was not measured',
    run: () => scenario().build({ peakMemoryMiB: Number.NaN }),
    found: [{ invariant: 'memory-bound' }],
  },
];
