import { failAnswer } from './answer-documents.ts';
import { story, type Plant } from './plant.ts';
import { HERO, ONCE } from './story.ts';

const NEW = { ...ONCE, phone: 'new' };
const NEWER = { ...ONCE, phone: 'newer' };
const change = (phone: string) => ({ phone });

/** Wrong in what happened to one contact, each answer being one that the request may have. Found by the judge. */
export const HISTORIES: readonly Plant[] = [
  {
    what: 'a lost update',
    run: () => story().create(ONCE).update(change('new'), { id: 'lost' }).ends(ONCE).told(),
    found: [{ invariant: 'no-effect-lost', id: 'lost', contact: HERO }],
  },
  {
    what: 'a lost update that a later read misses, though a newer one hides it at the end',
    run: () =>
      story().create(ONCE).update(change('new'), { id: 'lost' }).get(ONCE).update(change('newer')).ends(NEWER).told(),
    found: [{ invariant: 'no-effect-lost', id: 'lost' }],
  },
  {
    what: 'a lost delete',
    run: () => story().create(ONCE).delete({ id: 'lost' }).ends(ONCE).told(),
    found: [{ invariant: 'no-effect-lost', id: 'lost' }],
  },
  {
    what: 'an old update that comes again and undoes a newer one',
    run: () =>
      story()
        .create(ONCE)
        .update(change('new'), { id: 'old' })
        .update(change('newer'))
        .get(NEWER)
        .get(NEW)
        .ends(NEW)
        .told(),
    found: [{ invariant: 'no-effect-doubled', id: 'old' }],
  },
  {
    what: 'a contact that a repeated create brought back after its delete',
    run: () => story().create(ONCE, { id: 'again' }).delete().get(undefined).ends(ONCE).told(),
    found: [{ invariant: 'no-effect-doubled', id: 'again' }],
  },
  {
    what: 'an update of a deleted contact that is answered ok',
    run: () => story().create(ONCE).delete().get(undefined).update(change('new'), { id: 'odd' }).ends(undefined).told(),
    found: [{ invariant: 'no-effect-lost', id: 'odd' }],
  },
  {
    what: 'a delete that is answered ok twice',
    run: () => story().create(ONCE).delete().delete().ends(undefined).told(),
    found: [{ invariant: 'no-effect-lost', contact: HERO }],
  },
  {
    what: 'a stale read',
    run: () => story().create(ONCE).update(change('new')).get(NEW).get(ONCE, { id: 'stale' }).ends(NEW).told(),
    found: [{ invariant: 'linearizable', id: 'stale' }],
  },
  {
    what: 'a read that mixes two moments',
    run: () =>
      story()
        .create(ONCE)
        .update({ phone: 'new', email: 'new@chaos.example' })
        .get({ ...ONCE, phone: 'new' }, { id: 'torn' })
        .ends({ ...NEW, email: 'new@chaos.example' })
        .told(),
    found: [{ invariant: 'linearizable', id: 'torn' }],
  },
  {
    what: 'a read of a value that nobody wrote',
    run: () => story().create(ONCE).get(NEW, { id: 'odd' }).ends(ONCE).told(),
    found: [{ invariant: 'linearizable', id: 'odd' }],
  },
  {
    what: 'an effect that is seen before its request was sent',
    run: () => story().create(ONCE).get(NEW, { id: 'odd' }).update(change('new')).ends(NEW).told(),
    found: [{ invariant: 'linearizable', id: 'odd' }],
  },
  {
    what: 'an effect of a refused request',
    run: () =>
      story()
        .create(ONCE)
        .update(change('new'), { answer: failAnswer('NOT_FOUND') })
        .ends(NEW)
        .told(),
    found: [{ invariant: 'linearizable', contact: HERO }],
  },
  {
    what: 'a contact that is not found though it is there',
    run: () => story().create(ONCE).get(undefined, { id: 'blind' }).get(ONCE).ends(ONCE).told(),
    found: [{ invariant: 'linearizable', id: 'blind' }],
  },
  {
    what: 'two reads that saw two concurrent updates in opposite orders',
    run: () =>
      story()
        .create(ONCE)
        .update(change('new'))
        .update(change('newer'), { meanwhile: true })
        .get(NEW)
        .get(NEWER)
        .get(NEW)
        .ends(NEW)
        .told(),
    found: [{ contact: HERO }],
  },
  {
    what: 'a list that shows a deleted contact',
    run: () =>
      story()
        .create(ONCE)
        .delete()
        .list([[HERO, ONCE]], { id: 'old' })
        .ends(undefined)
        .told(),
    found: [{ contact: HERO }],
  },
  {
    what: 'a list that shows old values',
    run: () =>
      story()
        .create(ONCE)
        .update(change('new'))
        .list([[HERO, ONCE]], { id: 'old' })
        .ends(NEW)
        .told(),
    found: [{ invariant: 'linearizable', id: 'old' }],
  },
  {
    what: 'a list that shows the contact of another client',
    run: () =>
      story()
        .create({ ...ONCE, client_id: 5 })
        .list([[HERO, ONCE]], { id: 'odd' })
        .ends({ ...ONCE, client_id: 5 })
        .told(),
    found: [{ invariant: 'linearizable', id: 'odd' }],
  },
  {
    what: 'a database that holds another value than was written',
    run: () =>
      story()
        .create(ONCE)
        .get(ONCE)
        .ends({ ...ONCE, phone: 'other' })
        .told(),
    found: [{ invariant: 'linearizable', contact: HERO }],
  },
];

/** What looks odd and is right. */
export const ODDITIES: readonly { readonly what: string; readonly run: Plant['run'] }[] = [
  {
    what: 'an unconfirmed update that took effect much later',
    run: () =>
      story()
        .create(ONCE)
        .update(change('new'), { confirmed: false, answer: 'none' })
        .get(ONCE)
        .get(NEW)
        .ends(NEW)
        .told(),
  },
  {
    what: 'an unconfirmed delete that never took effect',
    run: () => story().create(ONCE).delete({ confirmed: false, answer: 'none' }).get(ONCE).ends(ONCE).told(),
  },
  {
    what: 'an unconfirmed create whose contact is there',
    run: () => story().create(ONCE, { confirmed: false, answer: 'none' }).ends(ONCE).told(),
  },
  {
    what: 'a repeat that is answered after the delete as it was before',
    run: () =>
      story()
        .create(ONCE)
        .update(change('new'), { id: 'u' })
        .delete()
        .update(change('new'), { id: 'u' })
        .ends(undefined)
        .told(),
  },
  {
    what: 'two concurrent updates of which the one sent first won',
    run: () =>
      story().create(ONCE).update(change('new')).update(change('newer'), { meanwhile: true }).get(NEW).ends(NEW).told(),
  },
  {
    what: 'a contact that nobody ever made and nobody found',
    run: () =>
      story()
        .get(undefined)
        .update(change('new'), { answer: failAnswer('NOT_FOUND') })
        .told(),
  },
];
