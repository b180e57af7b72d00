import { describe, expect, test } from 'vitest';

import { examine } from '../../../../chaos/checker/examination.ts';
import type { ExaminationOptions, Violation } from '../../../../chaos/checker/verdict.ts';
import { FAULT_SENDER } from '../../../../chaos/journal.ts';
import { contactsAnswer, expiredAnswer, failAnswer, okAnswer } from './answer-documents.ts';
import { correctRun, type Run } from './correct-run.ts';
import { BASE, both, NOTHING, pair, scenario } from './planted.ts';
import { ANSWERS } from './planted-answers.ts';
import { CONTACTS, LEFTOVERS, LISTS } from './planted-effects.ts';
import { OTHERS, withFault } from './planted-others.ts';
import { CONTACT_ID, CONTACT, type Scenario } from './scenario.ts';

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

function unanswered(method: 'unreadable' | 'unanswerable'): Scenario {
  return scenario().request({ method }, okAnswer(), { id: 'odd', answer: 'none' });
}

describe('a correct run', () => {
  test.each<[string, () => Run, ExaminationOptions?]>([
    [
      'an unconfirmed request without an answer',
      () => scenario().create(CONTACT, { confirmed: false, answer: 'none' }).build(),
    ],
    [
      'an unconfirmed create that worked',
      () => scenario().create(CONTACT, { confirmed: false, answer: 'none' }).ends(CONTACT).build(),
    ],
    ['two equal creates that each made a contact', () => pair().build()],
    ['a deleted contact whose tombstone has expired', () => scenario().create(CONTACT).delete().build()],
    [
      'a list without a contact that was being created',
      () => scenario().create(CONTACT).list([], { meanwhile: true }).ends(CONTACT).build(),
    ],
    [
      'a list without a contact that was being deleted',
      () => scenario().create(CONTACT).delete().list([], { meanwhile: true }).ends(undefined).build(),
    ],
    [
      'a list without a contact that may have moved',
      () =>
        scenario()
          .create(CONTACT)
          .update({ client_id: 5 }, { confirmed: false, answer: 'none' })
          .list([])
          .ends(CONTACT)
          .build(),
    ],
    [
      'a full page without the contacts after its last',
      () => pair(NOTHING).list([both[0]]).build(),
      { listPageSize: 1 },
    ],
    [
      'a poison request that is dead-lettered twice',
      () =>
        scenario()
          .request({ method: 'poison' }, failAnswer('INTERNAL_ERROR'), { id: 'p' })
          .build({ deadLetters: [...BASE.final.deadLetters, 'p', 'p'] }),
    ],
    [
      'an unreadable request that is dead-lettered and never answered',
      () => unanswered('unreadable').build({ deadLetters: [...BASE.final.deadLetters, 'odd'] }),
    ],
    [
      'an unanswerable request that is dead-lettered',
      () => unanswered('unanswerable').build({ deadLetters: [...BASE.final.deadLetters, 'odd'] }),
    ],
    [
      'an unanswerable request that is answered',
      () => scenario().request({ method: 'unanswerable' }, okAnswer()).build(),
    ],
    [
      'a late request whose repeat names another time',
      () =>
        scenario()
          .request({ method: 'late' }, expiredAnswer('2026-11-27T12:53:50.068Z'), { id: 'late' })
          .request({ method: 'late' }, expiredAnswer('2026-11-27T12:53:51.810Z'), { id: 'late' })
          .build(),
    ],
    ['a long wait during a fault that concerns all requests', () => withFault({ waitMs: 40_000 })],
    [
      'a wait within the bound of a fault that concerns others',
      () => withFault({ waitMs: 900, othersWithinMs: 1_000 }),
    ],
    [
      'a long wait of an unanswerable request of the fault',
      () => withFault({ waitMs: 40_000, othersWithinMs: 1_000, method: 'unanswerable' }),
    ],
    [
      'a long wait of the sender of the fault',
      () => withFault({ waitMs: 40_000, othersWithinMs: 1_000, sender: FAULT_SENDER }),
    ],
    [
      'a long wait of a poison request behind others',
      () => withFault({ waitMs: 40_000, othersWithinMs: 1_000, method: 'poison' }),
    ],
    ['a long wait after the fault', () => withFault({ waitMs: 40_000, othersWithinMs: 1_000, after: true })],
    [
      'a repeated get that shows a later state',
      () =>
        scenario()
          .create(CONTACT)
          .get(CONTACT, { id: 'two' })
          .get({ ...CONTACT, phone: '1' }, { id: 'two' })
          .ends(CONTACT)
          .build(),
      { readsMayDiffer: true },
    ],
  ])('accepts %s', async (_, run, options) => {
    expect(await violationsIn(run(), options)).toEqual([]);
  });
});

test('one worker: finds an answer that overtook another of the same sender and contact', async () => {
  const run = scenario()
    .create(CONTACT)
    .get(CONTACT, { id: 'first', answer: 'none' })
    .get(CONTACT, { id: 'second' })
    .get(CONTACT, { id: 'elsewhere', sender: 2 })
    .ends(CONTACT)
    .build();
  const late = { type: 'answered', id: 'first', at: 1e15, ...contactsAnswer([[CONTACT_ID, CONTACT]]) } as const;
  const inOrder = correctRun({ inOrder: true });
  expect(await violationsIn(inOrder, { queueOrder: true })).toEqual([]);
  const overtaken = { ...run, entries: [...run.entries, late] };
  expect(await violationsIn(overtaken)).toEqual([]);
  const violations = await violationsIn(overtaken, { queueOrder: true });
  expect(violations.filter(({ contact }) => contact === CONTACT_ID)).toEqual([
    expect.objectContaining({ invariant: 'queue-order', id: 'second' }),
  ]);
});

test('the order in which the journal is read does not matter', async () => {
  const { entries, final } = pair().list([both[1]], { id: 'short' }).build();
  const forwards = await examine(entries, final);
  const backwards = await examine(entries.toReversed(), final);
  expect(backwards.findings.kept).toEqual(forwards.findings.kept);
  expect(backwards.histories.size).toBe(forwards.histories.size);
});
