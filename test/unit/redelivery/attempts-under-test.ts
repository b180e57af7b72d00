import { Attempts, type AttemptLimits, type Start } from '../../../src/redelivery/attempts.ts';
import type { AttemptLedger } from '../../../src/protocol/attempt-ledger.ts';
import type { Performed } from '../../../src/protocol/execution.ts';
import { ok } from '../../../src/protocol/response.ts';

/** What was told of the ledger's troubles. */
export interface Told {
  waiting: number;
  mostWaiting: number;
  retries: number;
  uncounted: number;
}

export function attemptsOn(
  ledger: AttemptLedger,
  { limits = {}, told }: { limits?: Partial<AttemptLimits>; told?: Told } = {},
): Attempts {
  const counts = told ?? nothingTold();
  return new Attempts(ledger, {
    maxAttempts: 3,
    patience: { pause: () => Promise.resolve(), abandoned: () => false },
    events: {
      retry: () => (counts.retries += 1),
      uncounted: () => (counts.uncounted += 1),
      waiting: (change) => {
        counts.waiting += change;
        counts.mostWaiting = Math.max(counts.mostWaiting, counts.waiting);
      },
    },
    describe: (error) => (error instanceof Error ? error.message : 'odd'),
    ...limits,
  });
}

export function nothingTold(): Told {
  return { waiting: 0, mostWaiting: 0, retries: 0, uncounted: 0 };
}

const channel = { gone: false };
export const fresh = (attemptId: string): Start => ({ attemptId, redelivered: false, channel });
export const again = (attemptId: string): Start => ({ attemptId, redelivered: true, channel });

export const done = (attempts = 1): Performed => ({
  method: 'm',
  execution: { kind: 'done', response: ok(), attempts, batch: 1 },
});
export const defect: Performed = {
  method: 'm',
  execution: { kind: 'defect', first: new Error('one'), last: new Error('two'), attempts: 3, batch: 1 },
};

export const succeed = (): Promise<Performed> => Promise.resolve(done());
/** This process has ended in its midst. */
export const endProcess = (): Promise<Performed> => new Promise(() => undefined);
export const mustNotRun = (): Promise<Performed> => {
  throw new Error('must not run');
};

/** Lets everything that can go on without anybody's doing go on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs that write down when they begin and end, and end when they are told to. */
export function heldRuns(): {
  readonly order: string[];
  readonly run: (name: string) => () => Promise<Performed>;
  readonly end: (name: string, performed?: Performed) => void;
} {
  const order: string[] = [];
  const held = new Map<string, (performed: Performed) => void>();
  return {
    order,
    run: (name) => () => {
      order.push(`${name} begins`);
      return new Promise((resolve) => held.set(name, resolve));
    },
    end: (name, performed = done()) => {
      order.push(`${name} ends`);
      held.get(name)?.(performed);
    },
  };
}
