import { describe, expect, test } from 'vitest';

import { examine } from '../../../../chaos/checker/examination.ts';
import type { ExaminationOptions, Violation } from '../../../../chaos/checker/verdict.ts';
import { OUTSIDER } from '../../../../chaos/journal.ts';
import { contactsAnswer, expiredAnswer, failAnswer, okAnswer } from './answer-documents.ts';
import { correctRun, type Run } from './correct-run.ts';
import { BASE, both, NOTHING, pair, story } from './plant.ts';
import { ANSWERS } from './planted-answers.ts';
import { CONTACTS, LEFTOVERS, LISTS } from './planted-effects.ts';
import { OTHERS, troubled } from './planted-others.ts';
import { HERO, ONCE, type Story } from './story.ts';

async function violationsIn({ entries, final }: Run, options: ExaminationOptions = {}): Promise<readonly Violation[]> {
  return (await examine(entries, final, options)).findings.kept;
}

describe.each([
  ['answers', ANSWERS],
  ['contacts', CONTACTS],
  ['lists', LISTS],
  ['leftovers', LEFTOVERS],
  ['others', OTHERS],
])('%s', (_, plants) => {
  test.each(plants)('finds $what, and nothing else', async ({ run, options, found }) => {
    const violations = await violationsIn(run(), options);
    expect(violations).toMatchObject(found);
  });
});

function unanswered(method: 'unreadable' | 'unanswerable'): Story {
  return story().tell({ method }, okAnswer(), { id: 'odd', answer: 'none' });
}

describe('what is right', () => {
  test.each<[string, () => Run, ExaminationOptions?]>([
    [
      'an unconfirmed request without an answer',
      () => story().create(ONCE, { confirmed: false, answer: 'none' }).told(),
    ],
    [
      'an unconfirmed create that worked',
      () => story().create(ONCE, { confirmed: false, answer: 'none' }).ends(ONCE).told(),
    ],
    ['two equal creates that each made a contact', () => pair().told()],
    ['a deleted contact whose tombstone is gone', () => story().create(ONCE).delete().told()],
    [
      'a list without a contact that was being created',
      () => story().create(ONCE).list([], { meanwhile: true }).ends(ONCE).told(),
    ],
    [
      'a list without a contact that was being deleted',
      () => story().create(ONCE).delete().list([], { meanwhile: true }).ends(undefined).told(),
    ],
    [
      'a list without a contact that may have moved',
      () =>
        story().create(ONCE).update({ client_id: 5 }, { confirmed: false, answer: 'none' }).list([]).ends(ONCE).told(),
    ],
    [
      'a full page without the contacts behind its last',
      () => pair(NOTHING).list([both[0]]).told(),
      { listPageSize: 1 },
    ],
    [
      'a poison request that is a letter twice',
      () =>
        story()
          .tell({ method: 'poison' }, failAnswer('INTERNAL_ERROR'), { id: 'p' })
          .told({ deadLetters: [...BASE.final.deadLetters, 'p', 'p'] }),
    ],
    [
      'an unreadable request that is a letter and never answered',
      () => unanswered('unreadable').told({ deadLetters: [...BASE.final.deadLetters, 'odd'] }),
    ],
    [
      'an unanswerable request that is a letter',
      () => unanswered('unanswerable').told({ deadLetters: [...BASE.final.deadLetters, 'odd'] }),
    ],
    [
      'an unanswerable request that is answered all the same',
      () => story().tell({ method: 'unanswerable' }, okAnswer()).told(),
    ],
    [
      'a late request whose repeat is told another time',
      () =>
        story()
          .tell({ method: 'late' }, expiredAnswer('2026-11-27T12:53:50.068Z'), { id: 'late' })
          .tell({ method: 'late' }, expiredAnswer('2026-11-27T12:53:51.810Z'), { id: 'late' })
          .told(),
    ],
    ['a long wait during a fault that is of everybody', () => troubled({ waitMs: 40_000 })],
    ['a wait within what the fault of others allows', () => troubled({ waitMs: 900, othersWithinMs: 1_000 })],
    [
      'a long wait for what the fault itself is made of',
      () => troubled({ waitMs: 40_000, othersWithinMs: 1_000, method: 'unanswerable' }),
    ],
    [
      'a long wait of the one who makes the trouble',
      () => troubled({ waitMs: 40_000, othersWithinMs: 1_000, sender: OUTSIDER }),
    ],
    [
      'a long wait of a poison request, for others of its kind',
      () => troubled({ waitMs: 40_000, othersWithinMs: 1_000, method: 'poison' }),
    ],
    ['a long wait after the fault', () => troubled({ waitMs: 40_000, othersWithinMs: 1_000, after: true })],
    [
      'a get that comes again and tells of its own moment',
      () =>
        story()
          .create(ONCE)
          .get(ONCE, { id: 'two' })
          .get({ ...ONCE, phone: '1' }, { id: 'two' })
          .ends(ONCE)
          .told(),
      { readsMayDiffer: true },
    ],
  ])('takes %s for right', async (_, run, options) => {
    expect(await violationsIn(run(), options)).toEqual([]);
  });
});

test('one worker: finds an answer that overtook another of the same sender and contact', async () => {
  const run = story()
    .create(ONCE)
    .get(ONCE, { id: 'first', answer: 'none' })
    .get(ONCE, { id: 'second' })
    .get(ONCE, { id: 'elsewhere', sender: 2 })
    .ends(ONCE)
    .told();
  const late = { type: 'answered', id: 'first', at: 1e15, ...contactsAnswer([[HERO, ONCE]]) } as const;
  const inOrder = correctRun({ inOrder: true });
  expect(await violationsIn(inOrder, { queueOrder: true })).toEqual([]);
  const overtaken = { ...run, entries: [...run.entries, late] };
  expect(await violationsIn(overtaken)).toEqual([]);
  const violations = await violationsIn(overtaken, { queueOrder: true });
  expect(violations.filter(({ contact }) => contact === HERO)).toEqual([
    expect.objectContaining({ invariant: 'queue-order', id: 'second' }),
  ]);
});

test('the order in which the journal is read does not matter', async () => {
  const { entries, final } = pair().list([both[1]], { id: 'short' }).told();
  const forwards = await examine(entries, final);
  const backwards = await examine(entries.toReversed(), final);
  expect(backwards.findings.kept).toEqual(forwards.findings.kept);
  expect(backwards.histories.size).toBe(forwards.histories.size);
});
