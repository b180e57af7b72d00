import { failAnswer, okAnswer } from './answer-documents.ts';
import { BASE, both, NOTHING, pair, story, twin, type Plant } from './plant.ts';
import { HERO, ONCE } from './story.ts';

/** Wrong in which contacts there are. */
export const CONTACTS: readonly Plant[] = [
  {
    what: 'a create that made two contacts',
    run: () => story().create(ONCE, { id: 'twice' }).ends(ONCE).ends(ONCE, twin).told(),
    found: [{ invariant: 'no-effect-doubled', id: 'twice', contact: twin }],
  },
  {
    what: 'an unconfirmed create that made two contacts',
    run: () => story().create(ONCE, { confirmed: false, answer: 'none' }).ends(ONCE).ends(ONCE, twin).told(),
    found: [{ invariant: 'no-effect-from-nowhere', contact: twin }],
  },
  {
    what: 'a contact that nobody asked for',
    run: () => story().ends(ONCE).told(),
    found: [{ invariant: 'no-effect-from-nowhere', contact: HERO }],
  },
  {
    what: 'a tombstone of a contact that nobody knows',
    run: () => story().ends(undefined).told(),
    found: [{ invariant: 'no-effect-from-nowhere', contact: HERO }],
  },
  {
    what: 'a contact that is not there though it was answered',
    run: () => story().create(ONCE, { id: 'gone' }).told(),
    found: [{ invariant: 'no-effect-lost', id: 'gone', contact: HERO }],
  },
  {
    what: 'one contact_id for two creates',
    run: () =>
      story()
        .create(ONCE)
        .create({ ...ONCE, phone: '2' }, { id: 'other' })
        .ends(ONCE)
        .told(),
    found: [{ invariant: 'contact-id-unique', id: 'other', contact: HERO }],
  },
  {
    what: 'a contact that the database has twice',
    run: () => story().create(ONCE).ends(ONCE).ends(ONCE).told(),
    found: [{ invariant: 'contact-id-unique', contact: HERO }],
  },
];

/** Wrong in which contacts a list has. */
export const LISTS: readonly Plant[] = [
  {
    what: 'a list without a contact that was there',
    run: () => pair().list([both[1]], { id: 'short' }).told(),
    found: [{ invariant: 'list-complete', id: 'short', contact: HERO }],
  },
  {
    what: 'a full page without a contact before its last',
    run: () => pair(NOTHING).list([both[1]], { id: 'short' }).told(),
    options: { listPageSize: 1 },
    found: [{ invariant: 'list-complete', id: 'short', contact: HERO }],
  },
  {
    what: 'an empty list without a contact that moved to this client',
    run: () =>
      story()
        .create({ ...ONCE, client_id: 5 })
        .update({ client_id: ONCE.client_id })
        .list([], { id: 'short' })
        .ends(ONCE)
        .told(),
    found: [{ invariant: 'list-complete', id: 'short', contact: HERO }],
  },
  {
    what: 'a list in descending order',
    run: () => pair().list(both.toReversed(), { id: 'odd' }).told(),
    found: [{ invariant: 'list-complete', id: 'odd' }],
  },
  {
    what: 'a list with more contacts than its page',
    run: () => pair(NOTHING).list(both, { id: 'long' }).told(),
    options: { listPageSize: 1 },
    found: [{ invariant: 'list-complete', id: 'long' }],
  },
];

/** Wrong in what is left. */
export const LEFTOVERS: readonly Plant[] = [
  {
    what: 'requests that are left in the queue',
    run: () => story().told({ requestQueueDepth: 1 }),
    found: [{ invariant: 'queue-empty' }],
  },
  {
    what: 'a poison request that is not dead-lettered',
    run: () => story().tell({ method: 'poison' }, failAnswer('INTERNAL_ERROR'), { id: 'p' }).told(),
    found: [{ invariant: 'dead-letters', id: 'p' }],
  },
  {
    what: 'a good request that is dead-lettered',
    run: () =>
      story()
        .create(ONCE, { id: 'good' })
        .ends(ONCE)
        .told({ deadLetters: [...BASE.final.deadLetters, 'good'] }),
    found: [{ invariant: 'no-innocent-blamed', id: 'good' }],
  },
  {
    what: 'an unreadable request that is not dead-lettered',
    run: () => story().tell({ method: 'unreadable' }, okAnswer(), { id: 'u', answer: 'none' }).told(),
    found: [{ invariant: 'dead-letters', id: 'u' }],
  },
  {
    what: 'an unanswerable request that is neither answered nor dead-lettered',
    run: () => story().tell({ method: 'unanswerable' }, okAnswer(), { id: 'u', answer: 'none' }).told(),
    found: [{ invariant: 'dead-letters', id: 'u' }],
  },
  {
    what: 'a dead letter that is no request',
    run: () => story().told({ deadLetters: [...BASE.final.deadLetters, 'stray'] }),
    found: [{ invariant: 'dead-letters', id: 'stray' }],
  },
  {
    what: 'a worker that grew too large',
    run: () => story().told({ peakMemoryMiB: 401 }),
    found: [{ invariant: 'memory-bound' }],
  },
  {
    what: 'memory that was not measured',
    run: () => story().told({ peakMemoryMiB: Number.NaN }),
    found: [{ invariant: 'memory-bound' }],
  },
];
