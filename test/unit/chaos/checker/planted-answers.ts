import { contactsAnswer, expiredAnswer, failAnswer, okAnswer } from './answer-documents.ts';
import { scenario, type PlantedRun } from './planted.ts';
import { CONTACT } from './scenario.ts';

/** Wrong answers. */
export const ANSWERS: readonly PlantedRun[] = [
  {
    what: 'a confirmed request without an answer',
    run: () => scenario().create(CONTACT).get(CONTACT, { id: 'deaf', answer: 'none' }).ends(CONTACT).build(),
    found: [{ invariant: 'no-answer-lost', id: 'deaf' }],
  },
  {
    what: 'a repeat with a different answer',
    run: () =>
      scenario()
        .create(CONTACT)
        .update({ phone: '1' }, { id: 'two' })
        .update({ phone: '1' }, { id: 'two', answer: failAnswer('NOT_FOUND') })
        .ends(CONTACT)
        .build(),
    found: [{ invariant: 'one-answer', id: 'two' }],
  },
  {
    what: 'a get with two different answers',
    run: () =>
      scenario()
        .create(CONTACT)
        .get(CONTACT, { id: 'two' })
        .get({ ...CONTACT, phone: '1' }, { id: 'two' })
        .ends(CONTACT)
        .build(),
    found: [{ invariant: 'one-answer', id: 'two' }],
  },
  {
    what: 'an outage answered as a failure',
    run: () =>
      scenario()
        .create(CONTACT)
        .update({}, { id: 'odd', answer: failAnswer('INTERNAL_ERROR') })
        .ends(CONTACT)
        .build(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'a get answered with another contact',
    run: () =>
      scenario()
        .create(CONTACT)
        .get(CONTACT, { id: 'odd', answer: contactsAnswer([[1, CONTACT]]) })
        .ends(CONTACT)
        .build(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'a document that is no answer',
    run: () =>
      scenario()
        .create(CONTACT)
        .delete({ id: 'odd', answer: { ...okAnswer(), xml: '<response/>' } })
        .ends(undefined)
        .build(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'codes beside the answer that are not in it',
    run: () =>
      scenario()
        .create(CONTACT)
        .get(undefined, { id: 'odd', answer: { ...failAnswer('NOT_FOUND'), codes: [] } })
        .ends(CONTACT)
        .build(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: "a caller's fault that is answered as a defect",
    run: () => scenario().request({ method: 'invalid' }, failAnswer('INTERNAL_ERROR'), { id: 'odd' }).build(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'a late request that is executed',
    run: () => scenario().request({ method: 'late' }, okAnswer(), { id: 'odd' }).build(),
    found: [{ invariant: 'fitting-answer', id: 'odd' }],
  },
  {
    what: 'a late request whose repeat differs in more than the clock',
    run: () =>
      scenario()
        .request({ method: 'late' }, expiredAnswer('2026-11-27T12:53:50.068Z'), { id: 'odd' })
        .request({ method: 'late' }, expiredAnswer('2026-11-27T12:53:50.068Z', 'much too late'), { id: 'odd' })
        .build(),
    found: [{ invariant: 'one-answer', id: 'odd' }],
  },
  {
    what: 'an answer that nobody asked for',
    run: () => {
      const { entries, final } = scenario().create(CONTACT, { id: 'ghost' }).build();
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
      scenario()
        .create(CONTACT)
        .update({ phone: '1' }, { id: 'same' })
        .update({ phone: '2' }, { id: 'same' })
        .ends(CONTACT)
        .build(),
    found: [{ invariant: 'known-request', id: 'same' }],
  },
  {
    what: 'an answer before its request',
    run: () => {
      const { entries, final } = scenario().create(CONTACT).get(CONTACT, { id: 'early' }).ends(CONTACT).build();
      const moved = entries.map((entry) =>
        entry.type === 'sent' && entry.id === 'early' ? { ...entry, at: entry.at + 1001 } : entry,
      );
      return { entries: moved, final };
    },
    found: [{ invariant: 'known-request', id: 'early' }],
  },
];
