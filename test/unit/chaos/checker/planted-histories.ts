import { failAnswer } from './answer-documents.ts';
import { scenario, type PlantedRun } from './planted.ts';
import { CONTACT_ID, CONTACT } from './scenario.ts';

const NEW = { ...CONTACT, phone: 'new' };
const NEWER = { ...CONTACT, phone: 'newer' };
const change = (phone: string) => ({ phone });

/**
 * Wrong histories of one contact, in which each request may have its answer. The judge finds them.
 */
export const HISTORIES: readonly PlantedRun[] = [
  {
    what: 'a lost update',
    run: () => scenario().create(CONTACT).update(change('new'), { id: 'lost' }).ends(CONTACT).build(),
    found: [{ invariant: 'no-effect-lost', id: 'lost', contact: CONTACT_ID }],
  },
  {
    what: 'a lost update that a later read misses, though a newer one hides it at the end',
    run: () =>
      scenario()
        .create(CONTACT)
        .update(change('new'), { id: 'lost' })
        .get(CONTACT)
        .update(change('newer'))
        .ends(NEWER)
        .build(),
    found: [{ invariant: 'no-effect-lost', id: 'lost' }],
  },
  {
    what: 'a lost delete',
    run: () => scenario().create(CONTACT).delete({ id: 'lost' }).ends(CONTACT).build(),
    found: [{ invariant: 'no-effect-lost', id: 'lost' }],
  },
  {
    what: 'an old update that is applied again and undoes a newer one',
    run: () =>
      scenario()
        .create(CONTACT)
        .update(change('new'), { id: 'old' })
        .update(change('newer'))
        .get(NEWER)
        .get(NEW)
        .ends(NEW)
        .build(),
    found: [{ invariant: 'no-effect-doubled', id: 'old' }],
  },
  {
    what: 'a contact that a repeated create brought back after its delete',
    run: () => scenario().create(CONTACT, { id: 'again' }).delete().get(undefined).ends(CONTACT).build(),
    found: [{ invariant: 'no-effect-doubled', id: 'again' }],
  },
  {
    what: 'an update of a deleted contact that is answered ok',
    run: () =>
      scenario().create(CONTACT).delete().get(undefined).update(change('new'), { id: 'odd' }).ends(undefined).build(),
    found: [{ invariant: 'no-effect-lost', id: 'odd' }],
  },
  {
    what: 'a delete that is answered ok twice',
    run: () => scenario().create(CONTACT).delete().delete().ends(undefined).build(),
    found: [{ invariant: 'no-effect-lost', contact: CONTACT_ID }],
  },
  {
    what: 'a stale read',
    run: () =>
      scenario().create(CONTACT).update(change('new')).get(NEW).get(CONTACT, { id: 'stale' }).ends(NEW).build(),
    found: [{ invariant: 'linearizable', id: 'stale' }],
  },
  {
    what: 'a read that mixes two moments',
    run: () =>
      scenario()
        .create(CONTACT)
        .update({ phone: 'new', email: 'new@chaos.example' })
        .get({ ...CONTACT, phone: 'new' }, { id: 'torn' })
        .ends({ ...NEW, email: 'new@chaos.example' })
        .build(),
    found: [{ invariant: 'linearizable', id: 'torn' }],
  },
  {
    what: 'a read of a value that nobody wrote',
    run: () => scenario().create(CONTACT).get(NEW, { id: 'odd' }).ends(CONTACT).build(),
    found: [{ invariant: 'linearizable', id: 'odd' }],
  },
  {
    what: 'an effect that is seen before its request was sent',
    run: () => scenario().create(CONTACT).get(NEW, { id: 'odd' }).update(change('new')).ends(NEW).build(),
    found: [{ invariant: 'linearizable', id: 'odd' }],
  },
  {
    what: 'an effect of a request that was answered NOT_FOUND',
    run: () =>
      scenario()
        .create(CONTACT)
        .update(change('new'), { answer: failAnswer('NOT_FOUND') })
        .ends(NEW)
        .build(),
    found: [{ invariant: 'linearizable', contact: CONTACT_ID }],
  },
  {
    what: 'an existing contact that is not found',
    run: () => scenario().create(CONTACT).get(undefined, { id: 'blind' }).get(CONTACT).ends(CONTACT).build(),
    found: [{ invariant: 'linearizable', id: 'blind' }],
  },
  {
    what: 'two reads that saw two concurrent updates in opposite orders',
    run: () =>
      scenario()
        .create(CONTACT)
        .update(change('new'))
        .update(change('newer'), { meanwhile: true })
        .get(NEW)
        .get(NEWER)
        .get(NEW)
        .ends(NEW)
        .build(),
    found: [{ contact: CONTACT_ID }],
  },
  {
    what: 'a list that shows a deleted contact',
    run: () =>
      scenario()
        .create(CONTACT)
        .delete()
        .list([[CONTACT_ID, CONTACT]], { id: 'old' })
        .ends(undefined)
        .build(),
    found: [{ contact: CONTACT_ID }],
  },
  {
    what: 'a list that shows old values',
    run: () =>
      scenario()
        .create(CONTACT)
        .update(change('new'))
        .list([[CONTACT_ID, CONTACT]], { id: 'old' })
        .ends(NEW)
        .build(),
    found: [{ invariant: 'linearizable', id: 'old' }],
  },
  {
    what: 'a list that shows the contact of another client',
    run: () =>
      scenario()
        .create({ ...CONTACT, client_id: 5 })
        .list([[CONTACT_ID, CONTACT]], { id: 'odd' })
        .ends({ ...CONTACT, client_id: 5 })
        .build(),
    found: [{ invariant: 'linearizable', id: 'odd' }],
  },
  {
    what: 'a database with another value than was written',
    run: () =>
      scenario()
        .create(CONTACT)
        .get(CONTACT)
        .ends({ ...CONTACT, phone: 'other' })
        .build(),
    found: [{ invariant: 'linearizable', contact: CONTACT_ID }],
  },
];

/** What looks wrong and is correct. */
export const ODDITIES: readonly { readonly what: string; readonly run: PlantedRun['run'] }[] = [
  {
    what: 'an unconfirmed update that took effect much later',
    run: () =>
      scenario()
        .create(CONTACT)
        .update(change('new'), { confirmed: false, answer: 'none' })
        .get(CONTACT)
        .get(NEW)
        .ends(NEW)
        .build(),
  },
  {
    what: 'an unconfirmed delete that never took effect',
    run: () =>
      scenario().create(CONTACT).delete({ confirmed: false, answer: 'none' }).get(CONTACT).ends(CONTACT).build(),
  },
  {
    what: 'an unconfirmed create whose contact is there',
    run: () => scenario().create(CONTACT, { confirmed: false, answer: 'none' }).ends(CONTACT).build(),
  },
  {
    what: 'a repeat that is answered after the delete as it was before',
    run: () =>
      scenario()
        .create(CONTACT)
        .update(change('new'), { id: 'u' })
        .delete()
        .update(change('new'), { id: 'u' })
        .ends(undefined)
        .build(),
  },
  {
    what: 'two concurrent updates of which the one sent first won',
    run: () =>
      scenario()
        .create(CONTACT)
        .update(change('new'))
        .update(change('newer'), { meanwhile: true })
        .get(NEW)
        .ends(NEW)
        .build(),
  },
  {
    what: 'a contact that nobody ever made and nobody found',
    run: () =>
      scenario()
        .get(undefined)
        .update(change('new'), { answer: failAnswer('NOT_FOUND') })
        .build(),
  },
];
