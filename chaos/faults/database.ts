import { hasWritten, requestIdOf, withFailedItem, withoutItem } from '../proxy/mongodb.ts';
import type { Failpoint } from '../proxy/fault-proxy.ts';
import type { InspectedConnection } from '../proxy/inspected-connection.ts';
import { INSTANT, type FaultKind } from './fault.ts';
import { triggered } from './moments.ts';
import { serverKilled, serverRestarted } from './servers.ts';

const frozen: FaultKind = {
  name: 'database frozen',
  weight: 3,
  async begin({ testbed: { database }, random, longFaults }) {
    await database.pause();
    const maxMs = longFaults && random.chance(0.3) ? 20_000 : 4_000;
    return { holdMs: random.between(500, maxMs), end: () => database.resume() };
  },
};

/** MongoDB's temporary errors: interrupted at shutdown, write conflict, interrupted, step-down. */
const TEMPORARY_ERRORS = [11600, 112, 11601, 11602];
/** Unknown to the worker: a defect, which is retried until the attempts are used up. */
const UNKNOWN_ERROR = 8;

/** One write of a batch never reaches the database, and the reply reports it as failed. */
const itemFails: FaultKind = {
  name: 'one write of a batch fails',
  weight: 6,
  async begin(context) {
    const { testbed, random } = context;
    const { database } = random.pick(testbed.workers);
    const code = random.pick([...TEMPORARY_ERRORS, UNKNOWN_ERROR]);
    let failed: { readonly connection: InspectedConnection; readonly request: number; readonly at: number } | undefined;
    const failpoint: Failpoint = {
      moment: 'write',
      skip: random.between(0, 8),
      trigger: (message, connection) => {
        const shorter = withoutItem(message, (count) => random.between(0, count - 1));
        if (shorter === undefined) return 'wait';
        failed = { connection, request: requestIdOf(message, 'up'), at: shorter.at };
        database.arm({
          moment: 'written',
          skip: 0,
          trigger: (reply, from) => {
            if (from !== connection || requestIdOf(reply, 'down') !== failed?.request) return 'wait';
            return withFailedItem(reply, failed.at, code);
          },
        });
        return shorter.message;
      },
    };
    return (await triggered(database, failpoint, context)) ? INSTANT : undefined;
  },
};

/** Longer than five attempts at a silent server take; a request has no more. */
const LOST_FOR_MS = 45_000;
const RESET_FOR_MS = 6_000;

/**
 * The ledger of attempts writes, and its answers are lost. All workers are killed, so that their
 * requests are redelivered and the ledger is read; none of these requests may be dead-lettered.
 */
function ledgerAnswersLost(
  words: string,
  damage: (connection: InspectedConnection) => void,
  holdMs: number,
): FaultKind {
  return {
    name: `answers of the attempts' ledger lost, ${words}`,
    weight: 2,
    begin({ testbed: { workers }, load, random }) {
      load.allow(400);
      const trigger: Failpoint['trigger'] = (reply, connection) => {
        // An answer that reports no attempt may pass; else no start is ever recorded.
        if (!hasWritten(reply)) return reply;
        damage(connection);
        return undefined;
      };
      for (const { database } of workers) database.arm({ moment: 'ledger', skip: 0, lasting: true, trigger });
      for (const worker of workers) worker.signal('SIGKILL');
      // A second kill in between: the requests that were started are started again, and have
      // attempts left.
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
  serverKilled('database', 4, 3_000),
  serverRestarted('database', 2),
  frozen,
  itemFails,
  { ...ledgerAnswersLost('in silence', () => undefined, LOST_FOR_MS), short: 'never' },
  { ...ledgerAnswersLost('with the connection', (connection) => connection.reset(), RESET_FOR_MS), short: 'always' },
];
