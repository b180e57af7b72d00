import { hasWritten, requestIdOf, withFailedItem, withoutItem } from '../proxy/mongodb.ts';
import type { Trap } from '../proxy/gate.ts';
import type { Passage } from '../proxy/passage.ts';
import { OVER, type FaultKind } from './fault.ts';
import { sprung } from './moments.ts';

const killed: FaultKind = {
  name: 'database killed',
  weight: 4,
  async begin({ stage: { database }, random }) {
    await database.kill();
    return { holdMs: random.between(0, 3_000), end: () => database.start() };
  },
};

const restarted: FaultKind = {
  name: 'database restarted',
  weight: 2,
  async begin({ stage: { database } }) {
    await database.stop();
    return { holdMs: 0, end: () => database.start() };
  },
};

const frozen: FaultKind = {
  name: 'database frozen',
  weight: 3,
  async begin({ stage: { database }, random, patient }) {
    await database.pause();
    const longest = patient && random.chance(0.3) ? 20_000 : 4_000;
    return { holdMs: random.between(500, longest), end: () => database.resume() };
  },
};

/** Not now, as MongoDB says it: interrupted at shutdown, write conflict, interrupted, step-down. */
const NOT_NOW = [11600, 112, 11601, 11602];
/** Nothing that the worker knows: a defect, which is tried again for as long as there are attempts. */
const UNKNOWN_ERROR = 8;

/** One write of a batch never reaches the database, and the reply says that it failed. */
const itemFails: FaultKind = {
  name: 'one write of a batch fails',
  weight: 6,
  async begin(scene) {
    const { stage, random } = scene;
    const { database } = random.pick(stage.workers);
    const code = random.pick([...NOT_NOW, UNKNOWN_ERROR]);
    let failed: { readonly passage: Passage; readonly request: number; readonly at: number } | undefined;
    database.arm({
      moment: 'write',
      skip: random.between(0, 8),
      spring: (message, passage) => {
        const shorter = withoutItem(message, (count) => random.between(0, count - 1));
        if (shorter === undefined) return 'wait';
        failed = { passage, request: requestIdOf(message, 'up'), at: shorter.at };
        database.arm({
          moment: 'written',
          skip: 0,
          spring: (reply, from) => {
            if (from !== passage || requestIdOf(reply, 'down') !== failed?.request) return 'wait';
            return withFailedItem(reply, failed.at, code);
          },
        });
        return shorter.message;
      },
    });
    return (await sprung(database, scene)) ? OVER : undefined;
  },
};

/** Longer than five tries at a silent server take, as often as a request may be started. */
const LOST_FOR_MS = 45_000;
const RESET_FOR_MS = 6_000;

/**
 * The ledger of attempts writes what it is told, and nobody gets to know. All workers are killed, so that what they had is handed
 * out again and asks the ledger; none of it has done anything to be a dead letter.
 */
function ledgerAnswersLost(words: string, hurt: (passage: Passage) => void, holdMs: number): FaultKind {
  return {
    name: `answers of the attempts' ledger lost, ${words}`,
    weight: 2,
    begin({ stage: { workers }, load, random }) {
      load.allow(400);
      const spring: Trap['spring'] = (reply, passage) => {
        // That there is nothing yet may be known, or no start is ever recorded.
        if (!hasWritten(reply)) return reply;
        hurt(passage);
        return undefined;
      };
      for (const { database } of workers) database.arm({ moment: 'ledger', skip: 0, lasting: true, spring });
      for (const worker of workers) worker.signal('SIGKILL');
      // Once more in between: what was started then is started anew, and still has attempts left.
      const again = setTimeout(() => random.pick(workers).signal('SIGKILL'), holdMs / 2);
      const end = (): Promise<void> => {
        clearTimeout(again);
        for (const { database } of workers) database.disarm();
        return Promise.resolve();
      };
      return Promise.resolve({ holdMs, end });
    },
  };
}

export const databaseFaults: readonly FaultKind[] = [
  killed,
  restarted,
  frozen,
  itemFails,
  { ...ledgerAnswersLost('in silence', () => undefined, LOST_FOR_MS), short: 'never' },
  { ...ledgerAnswersLost('with the connection', (passage) => passage.reset(), RESET_FOR_MS), short: 'always' },
];
