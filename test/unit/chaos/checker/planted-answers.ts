import { contactsAnswer, expiredAnswer, failAnswer, okAnswer } from './answer-documents.ts';
import { story, type Plant } from './plant.ts';
import { ONCE } from './story.ts';

/** Wrong in the answers themselves. */
export const ANSWERS: readonly Plant[] = [
  {
    what: 'a confirmed request without an answer',
    run: () => story().create(ONCE).get(ONCE, { id: 'deaf', answer: 'none' }).ends(ONCE).told(),
    found: [{ invariant: 'no-answer-lost', id: 'deaf' }],
  },
  {
    what: 'a repeat that is answered otherwise',
    run: () =>
      story()
        .create(ONCE)
        .update({ phone: '1' }, { id: 'two' })
        .update({ phone: '1' }, { id: 'two', answer: failAnswer('NOT_FOUND') })
        .ends(ONCE)
        .told(),
    found: [{ invariant: 'one-answer', id: 'two' }],
  },
  {
    what: 'a get that is answered twice, differently',
    run: () =>
      story()
        .create(ONCE)
        .get(ONCE, { id: 'two' })
        .get({ ...ONCE, phone: '1' }, { id: 'two' })
        .ends(ONCE)
        .told(),
    found: [{ invariant: 'one-answer', id: 'two' }],
  },
  {
    what: 'an outage answered as a failure',
    run: () =>
      story()
        .create(ONCE)
        .update({}, { id: 'odd', answer: failAnswer('INTERNAL_ERROR') })
        .ends(ONCE)
        .told(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'a get answered with another contact',
    run: () =>
      story()
        .create(ONCE)
        .get(ONCE, { id: 'odd', answer: contactsAnswer([[1, ONCE]]) })
        .ends(ONCE)
        .told(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'an answer that is no answer',
    run: () =>
      story()
        .create(ONCE)
        .delete({ id: 'odd', answer: { ...okAnswer(), xml: '<response/>' } })
        .ends(undefined)
        .told(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'codes beside the answer that are not in it',
    run: () =>
      story()
        .create(ONCE)
        .get(undefined, { id: 'odd', answer: { ...failAnswer('NOT_FOUND'), codes: [] } })
        .ends(ONCE)
        .told(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'a mistake of the caller that is not told as one',
    run: () => story().tell({ method: 'invalid' }, failAnswer('INTERNAL_ERROR'), { id: 'odd' }).told(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'a late request that is executed',
    run: () => story().tell({ method: 'late' }, okAnswer(), { id: 'odd' }).told(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'a late request whose repeat is told something else than another time',
    run: () =>
      story()
        .tell({ method: 'late' }, expiredAnswer('2026-11-27T12:53:50.068Z'), { id: 'odd' })
        .tell({ method: 'late' }, expiredAnswer('2026-11-27T12:53:50.068Z', 'much too late'), { id: 'odd' })
        .told(),
    found: [{ invariant: 'one-answer', id: 'odd' }],
  },
  {
    what: 'an answer that nobody asked for',
    run: () => {
      const { entries, final } = story().create(ONCE, { id: 'ghost' }).told();
      return {
        entries: entries.filter(({ type, ...entry }) => type !== 'sent' || !('id' in entry) || entry.id !== 'ghost'),
        final,
      };
    },
    found: [{ invariant: 'known-request', id: 'ghost' }],
  },
  {
    what: 'two requests with one id',
    run: () =>
      story()
        .create(ONCE)
        .update({ phone: '1' }, { id: 'same' })
        .update({ phone: '2' }, { id: 'same' })
        .ends(ONCE)
        .told(),
    found: [{ invariant: 'known-request', id: 'same' }],
  },
  {
    what: 'an answer that came before its request',
    run: () => {
      const { entries, final } = story().create(ONCE).get(ONCE, { id: 'early' }).ends(ONCE).told();
      const moved = entries.map((entry) =>
        entry.type === 'sent' && entry.id === 'early' ? { ...entry, at: entry.at + 1001 } : entry,
      );
      return { entries: moved, final };
    },
    found: [{ invariant: 'known-request', id: 'early' }],
  },
];
