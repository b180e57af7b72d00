import { FaultProducer } from '../load/fault-producer.ts';
import type { FaultContext, FaultKind } from './fault.ts';

/** Ends within the time that a fault's end may take. */
const SETTLED_WITHIN_MS = 80_000;

/** What follows after the requests are sent. */
interface Sequel {
  /** How long the fault lasts, in milliseconds. */
  readonly holdMs: number;
  /** Removes the cause, before the requests settle. */
  readonly undo?: () => Promise<unknown>;
  /** Runs after the requests have settled. */
  readonly afterwards?: () => Promise<unknown>;
}

/**
 * A fault made of requests: `send` sends them, and the fault ends when each of them has settled.
 */
export function requestFault(
  kind: Omit<FaultKind, 'begin'>,
  send: (producer: FaultProducer, context: FaultContext) => Promise<Sequel>,
): FaultKind {
  return {
    ...kind,
    async begin(context) {
      const producer = await FaultProducer.open(context.testbed.broker, context.journal);
      const { holdMs, undo, afterwards } = await send(producer, context);
      const end = async (): Promise<void> => {
        await undo?.();
        await settle(producer, context);
        await afterwards?.();
      };
      return { holdMs, end };
    },
  };
}

async function settle(producer: FaultProducer, { reportProblem }: FaultContext): Promise<void> {
  try {
    const left = await producer.settled(SETTLED_WITHIN_MS);
    if (left > 0) reportProblem(`${left} requests have not settled within ${SETTLED_WITHIN_MS / 1000} s`);
  } finally {
    await producer.close();
  }
}
