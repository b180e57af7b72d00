import type { Journal } from '../journal-file.ts';
import type { Load } from '../load/load.ts';
import type { Random } from '../random.ts';
import type { Testbed } from '../infrastructure/testbed.ts';

/** What a fault works on. */
export interface FaultContext {
  readonly testbed: Testbed;
  readonly load: Load;
  /** For what a producer beside the load sends. */
  readonly journal: Journal;
  readonly random: Random;
  /** Whether faults may last beyond every time limit of the worker. */
  readonly longFaults: boolean;
  /** All must go on again within this time after a fault's end. */
  readonly recoveryMs: number;
  /** Notes what must not be, beside what the checker finds. */
  readonly reportProblem: (detail: string) => void;
}

/** One fault that is going on. */
export interface ActiveFault {
  /** How long it is to go on, in milliseconds, after `begin` has resolved. */
  readonly holdMs: number;
  /** Takes it away. What then has to recover does so by itself. */
  readonly end: () => Promise<void>;
}

/** A kind of fault; each time it happens its details are chosen anew. */
export interface FaultKind {
  readonly name: string;
  /** How often among the others. */
  readonly weight: number;
  /** Whether the short form always has it, or never, as it takes longer than that has time; where absent, in some runs. */
  readonly short?: 'always' | 'never';
  /**
   * Where only some requests or one queue are in trouble: everybody else is answered within so many milliseconds. The load
   * goes on gently as long as such a fault lasts.
   */
  readonly othersWithinMs?: number;
  /** Makes it happen; `undefined` where its occasion did not come. */
  begin(context: FaultContext): Promise<ActiveFault | undefined>;
}

/** A fault that is over as soon as it has happened. */
export const INSTANT: ActiveFault = { holdMs: 0, end: () => Promise.resolve() };
