import { brokerFaults } from '../faults/broker.ts';
import { databaseFaults } from '../faults/database.ts';
import { INSTANT, type FaultKind } from '../faults/fault.ts';
import { stopGracefully, workerFaults } from '../faults/workers.ts';

/** One of the two builds. */
export interface Build {
  readonly name: string;
  /** Arguments of Node. */
  readonly program: readonly string[];
}

/** Replaces the build of one worker under load, as an operator does: SIGTERM, then the other one. */
function replaced(worker: number, { name, program }: Build): FaultKind {
  return {
    name: `worker ${worker} stopped, started as ${name}`,
    weight: 0,
    async begin(context) {
      const slot = context.testbed.workers[worker - 1];
      if (slot === undefined) throw new Error(`no worker ${worker}`);
      await stopGracefully(slot, context);
      slot.program = program;
      await slot.start();
      return INSTANT;
    },
  };
}

/** The same by SIGKILL: the requests of the one build are redelivered to both. */
function killedAndReplaced(worker: number, { name, program }: Build): FaultKind {
  return {
    name: `worker ${worker} killed, started as ${name}`,
    weight: 0,
    begin({ testbed: { workers } }) {
      const slot = workers[worker - 1];
      if (slot === undefined) throw new Error(`no worker ${worker}`);
      slot.program = program;
      slot.signal('SIGKILL');
      return Promise.resolve(INSTANT);
    },
  };
}

function named(name: string): FaultKind {
  const kind = [...workerFaults, ...brokerFaults, ...databaseFaults].find((one) => one.name === name);
  if (kind === undefined) throw new Error(`there is no fault "${name}"`);
  return kind;
}

/**
 * Up, then back, with three workers: each is replaced under load, and while both builds run they
 * are killed, and so are the servers. All start as the older build and end as it.
 */
export function upgradePlan(older: Build, newer: Build, { long }: { readonly long: boolean }): readonly FaultKind[] {
  const allKilled = named('all workers killed at once');
  const [broker, database] = [named('broker killed'), named('database killed')];
  const extra = long ? [named('rolling restart of all workers'), named('broker restarted'), allKilled] : [];
  return [
    replaced(1, newer),
    allKilled,
    ...(long ? [broker, database] : []),
    killedAndReplaced(2, newer),
    replaced(3, newer),
    ...extra,
    replaced(1, older),
    allKilled,
    ...(long ? [broker, database] : []),
    killedAndReplaced(3, older),
    replaced(2, older),
    ...extra,
  ];
}
