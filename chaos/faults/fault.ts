import type { Journal } from '../journal-file.ts';
import type { Load } from '../load/load.ts';
import type { Random } from '../random.ts';
import type { Testbed } from '../infrastructure/testbed.ts';

/** What a fault works on. */
export interface FaultContext {
  readonly testbed: Testbed;
  readonly load: Load;
  /** For the requests that a fault itself sends. */
  readonly journal: Journal;
  readonly random: Random;
  /** Whether faults may last beyond every time limit of the worker. */
  readonly longFaults: boolean;
  /** Everything has to work again within this time after a fault's end. */
  readonly recoveryMs: number;
  /** Records a problem that the checker cannot see in the journal. */
  readonly reportProblem: (detail: string) => void;
}

/** A fault that has begun. */
export interface ActiveFault {
  /** How long it lasts, in milliseconds, after `begin` has resolved. */
  readonly holdMs: number;
  /** Removes its cause; the system then recovers by itself. */
  readonly end: () => Promise<void>;
}

/** A kind of fault; its details are chosen anew at each injection. */
export interface FaultKind {
  readonly name: string;
  /** How often it is chosen, relative to the others. */
  readonly weight: number;
  /**
   * Whether the short form always has this fault, or never, since it takes longer than the short
   * form has time. Absent: in some runs.
   */
  readonly short?: 'always' | 'never';
  /**
   * For a fault of some requests or one queue: all others are answered within this many
   * milliseconds. The load continues at a low rate while such a fault lasts.
   */
  readonly othersWithinMs?: number;
  /** Injects it; resolves with `undefined` where its trigger did not occur. */
  begin(context: FaultContext): Promise<ActiveFault | undefined>;
}

/** A fault that is over as soon as it has happened. */
export const INSTANT: ActiveFault = { holdMs: 0, end: () => Promise.resolve() };
