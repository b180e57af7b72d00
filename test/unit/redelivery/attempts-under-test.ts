import { Attempts, type AttemptLimits } from '../../../src/redelivery/attempts.ts';
import type { AttemptLedger } from '../../../src/protocol/attempt-ledger.ts';
import type { Executed, Start } from '../../../src/protocol/execution.ts';
import { ok } from '../../../src/protocol/response.ts';

/** What the ledger's events reported. */
export interface LedgerTroubles {
  waiting: number;
  mostWaiting: number;
  retries: number;
  uncounted: number;
}

export function attemptsOn(
  ledger: AttemptLedger,
  { limits = {}, troubles }: { limits?: Partial<AttemptLimits>; troubles?: LedgerTroubles } = {},
): Attempts {
  const counts = troubles ?? noTroubles();
  return new Attempts(ledger, {
    maxAttempts: 3,
    retryPolicy: { pause: () => Promise.resolve(), abandoned: () => false },
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

export function noTroubles(): LedgerTroubles {
  return { waiting: 0, mostWaiting: 0, retries: 0, uncounted: 0 };
}

/** Does what the pipeline does: asks for admission, runs the request, concludes. */
export async function execute(
  attempts: Attempts,
  start: Start,
  run: (attemptsBefore: number | undefined) => Promise<Executed>,
): Promise<Executed> {
  const admission = await attempts.admit(start);
  return 'conclude' in admission ? admission.conclude(await run(admission.attemptsBefore)) : admission;
}

const channel = { gone: false };
export const fresh = (attemptId: string): Start => ({ attemptId, redelivered: false, channel });
export const again = (attemptId: string): Start => ({ attemptId, redelivered: true, channel });

export const done = (attempts = 1): Executed => ({
  method: 'm',
  execution: { kind: 'done', response: ok(), attempts, batch: 1 },
});
export const defect: Executed = {
  method: 'm',
  execution: { kind: 'defect', first: new Error('one'), last: new Error('two'), attempts: 3, batch: 1 },
};

export const succeed = (): Promise<Executed> => Promise.resolve(done());
/** The process ended during the execution. */
export const endProcess = (): Promise<Executed> => new Promise(() => undefined);
export const mustNotRun = (): Promise<Executed> => {
  throw new Error('must not run');
};

/**
 * Resolves when everything has run that needs no further event. Each request that enters in its
 * turn takes one pass.
 */
export async function settle(): Promise<void> {
  for (let passes = 0; passes < 4; passes += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Executions that record when they begin and end, and end on command. */
export function heldRuns(): {
  readonly order: string[];
  readonly run: (name: string) => () => Promise<Executed>;
  readonly end: (name: string, executed?: Executed) => void;
} {
  const order: string[] = [];
  const held = new Map<string, (executed: Executed) => void>();
  return {
    order,
    run: (name) => () => {
      order.push(`${name} begins`);
      return new Promise((resolve) => held.set(name, resolve));
    },
    end: (name, executed = done()) => {
      order.push(`${name} ends`);
      held.get(name)?.(executed);
    },
  };
}
