import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import { check } from '../../chaos/checker/check.ts';
import { judge, judgeCommand, type Ruling } from '../../chaos/checker/judge.ts';
import type { CheckOptions, Verdict } from '../../chaos/checker/verdict.ts';
import { Random } from '../../chaos/random.ts';
import { contactsAnswer, failAnswer, type AnswerParts } from '../unit/chaos/checker/answer-documents.ts';
import { correctRun, PLAIN, type Run } from '../unit/chaos/checker/correct-run.ts';
import { someOrderFits } from '../unit/chaos/checker/every-order.ts';
import { scenario } from '../unit/chaos/checker/planted.ts';
import { HISTORIES, ODDITIES } from '../unit/chaos/checker/planted-histories.ts';
import { smallHistory } from '../unit/chaos/checker/small-history.ts';
import { CONTACT_ID, CONTACT } from '../unit/chaos/checker/scenario.ts';

let command: CheckOptions['judge'];

beforeAll(async () => {
  command = await judgeCommand();
}, 600_000);

function verdictOn({ entries, final }: Run, options: Partial<CheckOptions> = {}): Promise<Verdict> {
  return check(entries, final, { judge: command, ...options });
}

describe('the checker', () => {
  test.each(HISTORIES)('finds $what, and nothing else', async ({ run, found }) => {
    const { violations } = await verdictOn(run());
    expect(violations).toMatchObject(found);
  });

  test.each(ODDITIES)('accepts $what', async ({ run }) => {
    const { violations, counts } = await verdictOn(run());
    expect(violations).toEqual([]);
    expect(counts).toMatchObject({ losses: 0, doubles: 0, violations: 0 });
  });

  test('accepts correct runs of many shapes', async () => {
    const shape = fc.record({
      seed: fc.nat(),
      // Within what docs/chaos.md says can be judged: about 25 concurrent requests about one
      // contact.
      requests: fc.integer({ min: 1, max: 1000 }),
      contacts: fc.integer({ min: 4, max: 40 }),
      senders: fc.integer({ min: 1, max: 8 }),
      latency: fc.constantFrom(1, 1000, 30_000, 60_000),
      repeated: fc.constantFrom(0, 0.3),
      unconfirmed: fc.constantFrom(0, 0.2),
      outage: fc.boolean(),
      deleting: fc.boolean(),
      inOrder: fc.boolean(),
    });
    const property = fc.asyncProperty(shape, async (one) => {
      const { violations, counts } = await verdictOn(correctRun(one), { queueOrder: one.inOrder });
      expect(violations).toEqual([]);
      expect(counts.requests).toBe(one.requests);
      expect(counts.unknown).toBe(0);
    });
    await fc.assert(property, { numRuns: 25 });
  });

  test('counts losses, doubles and silences', async () => {
    const run = scenario()
      .create(CONTACT)
      .update({ phone: 'new' })
      .get(CONTACT, { id: 'deaf', answer: 'none' })
      .ends(CONTACT)
      .build();
    const { counts, faults } = await verdictOn(run);
    expect(counts).toMatchObject({ losses: 2, doubles: 0, violations: 2, requests: PLAIN.requests + 3 });
    expect(faults).toEqual([]);
    const calm = await verdictOn(correctRun());
    const outage = await verdictOn(correctRun({ outage: true }));
    const held = outage.counts.longestSilenceMs;
    expect(held).toBeGreaterThan(calm.counts.longestSilenceMs);
    expect(outage.faults).toEqual([
      { name: 'outage', injections: 1, requests: expect.any(Number), longestSilenceMs: held },
    ]);
  });

  test("one worker: finds effects out of one sender's order, even if the answers are in order", async () => {
    const newer = { ...CONTACT, phone: 'newer' };
    const run = scenario()
      .create(CONTACT)
      .update({ phone: 'newer' })
      .update({ phone: 'new' }, { meanwhile: true })
      .get(newer)
      .ends(newer)
      .build();
    const inOrder = correctRun({ inOrder: true });
    expect((await verdictOn(run)).violations).toEqual([]);
    const { violations } = await verdictOn(run, { queueOrder: true });
    expect(violations.filter(({ contact }) => contact === CONTACT_ID)).toMatchObject([{ contact: CONTACT_ID }]);
    expect((await verdictOn(inOrder, { queueOrder: true })).violations).toEqual([]);
  });

  test('judges each of two different answers to a read, where they may differ', async () => {
    const newer = { ...CONTACT, phone: 'new' };
    const runWith = (second: typeof CONTACT): Run => {
      const { entries, final } = scenario()
        .create(CONTACT)
        .get(CONTACT, { id: 'twice' })
        .update({ phone: 'new' })
        .get(newer)
        .ends(newer)
        .build();
      const again = { type: 'answered', id: 'twice', at: 1e15, ...contactsAnswer([[CONTACT_ID, second]]) } as const;
      return { entries: [...entries, again], final };
    };
    expect((await verdictOn(runWith(newer), { readsMayDiffer: true })).violations).toEqual([]);
    const { violations } = await verdictOn(runWith({ ...CONTACT, phone: 'never' }), { readsMayDiffer: true });
    expect(violations).toMatchObject([{ invariant: 'linearizable', id: 'twice' }]);
  });

  describe('several queues: a read that shows what its sender sent behind it', () => {
    const answered = (answer: AnswerParts, at: number): Run['entries'][number] => ({
      type: 'answered',
      id: 'again',
      at,
      ...answer,
    });

    /** A get and a delete sent one behind the other; `gets`: the answers to the get. */
    const runWith = (gets: readonly AnswerParts[], faults: Run['entries']): Run => {
      const { entries, final } = scenario()
        .create(CONTACT)
        .get(undefined, { id: 'again', answer: 'none' })
        .delete({ meanwhile: true })
        .ends(undefined)
        .build();
      const deleted = entries.findLast(({ type }) => type === 'answered')!.at;
      // Nobody sees an answer of the get behind that of the delete alone.
      const answers = gets.map((answer, index) => answered(answer, index === 0 ? deleted - 1 : 1e15));
      return { entries: [...entries, ...answers, ...faults], final };
    };
    const kill: Run['entries'] = [
      { type: 'fault', name: 'kill', phase: 'begins', at: 1 },
      { type: 'fault', name: 'kill', phase: 'ends', at: 1e14 },
    ];

    /** The rest of the run keeps no order. */
    async function violationsOfTheContact(run: Run): Promise<Verdict['violations']> {
      const { violations } = await verdictOn(run, { queueOrder: true, readsMayDiffer: true });
      return violations.filter(({ contact, id }) => contact === CONTACT_ID || id === 'again');
    }

    test('is right where its answer came twice, first as it was before', async () => {
      const run = runWith([contactsAnswer([[CONTACT_ID, CONTACT]]), failAnswer('NOT_FOUND')], []);
      expect(await violationsOfTheContact(run)).toEqual([]);
    });

    test('is right while workers die, and wrong while they do not', async () => {
      expect(await violationsOfTheContact(runWith([failAnswer('NOT_FOUND')], kill))).toEqual([]);
      const found = await violationsOfTheContact(runWith([failAnswer('NOT_FOUND')], []));
      expect(found).toMatchObject([{ contact: CONTACT_ID }]);
    });
  });

  test('reports a search that did not end as a violation, unless it is accepted', async () => {
    const run = correctRun({ requests: 12_000, contacts: 2, outage: true, deleting: false });
    const { violations, counts } = await verdictOn(run, { searchLimitMs: 1 });
    expect(counts.unknown).toBeGreaterThan(0);
    expect(violations.filter(({ invariant }) => invariant === 'search-ended')).toHaveLength(counts.unknown);
    const accepted = await verdictOn(run, { searchLimitMs: 1, acceptUnknown: true });
    expect(accepted.violations).toEqual([]);
    expect(accepted.counts.unknown).toBeGreaterThan(0);
  });

  test('fails where the judge cannot be run', async () => {
    const { entries, final } = correctRun();
    await expect(check(entries, final, { judge: ['false'] })).rejects.toThrow(/the judge failed/);
  });
});

describe('the judge', () => {
  test('agrees with trying every order, for small histories', async () => {
    const random = new Random(20_261_124);
    const histories = new Map(Array.from({ length: 6000 }, (_, contact) => [contact, smallHistory(random)]));
    const rulings = new Map<number, Ruling>();
    await judge(command, 20_000, histories, (ruling) => rulings.set(ruling.contact, ruling));
    const wrong: unknown[] = [];
    let right = 0;
    for (const [contact, ops] of histories) {
      const expected = someOrderFits(ops) ? 'ok' : 'illegal';
      if (expected === 'ok') right += 1;
      if (rulings.get(contact)?.result !== expected) wrong.push({ expected, ops });
    }
    expect(wrong.slice(0, 1)).toEqual([]);
    // Both kinds must be frequent, or the comparison proves nothing.
    expect(right).toBeGreaterThan(600);
    expect(right).toBeLessThan(5400);
  });
});
