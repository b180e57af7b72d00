import type { Action, Entry } from '../../../../chaos/journal.ts';
import { failAnswer } from './answer-documents.ts';
import type { Run } from './correct-run.ts';
import { scenario, type PlantedRun } from './planted.ts';

const NANOSECONDS_PER_MS = 1e6;
const LASTS_MS = 60_000;

interface FaultAndWait {
  readonly waitMs: number;
  readonly othersWithinMs?: number;
  /** The method of the request that waits. */
  readonly method?: 'late' | 'unanswerable' | 'poison';
  /** Default: 1. */
  readonly sender?: number;
  /** Whether it is sent after the fault. */
  readonly after?: boolean;
}

/**
 * Returns a correct run, then a fault, and a request that waits for its answer while the fault
 * lasts.
 */
export function withFault(settings: FaultAndWait): Run {
  const { waitMs, othersWithinMs, method = 'late', sender = 1, after = false } = settings;
  const { entries, final } = scenario().build();
  const begins = entries.reduce((latest, { at }) => Math.max(latest, at), 0) + 1;
  const ends = begins + LASTS_MS * NANOSECONDS_PER_MS;
  const at = after ? ends + 1 : begins + 1;
  const name = 'planted fault';
  const action: Action = { method };
  const more: Entry[] = [
    { type: 'fault', at: begins, name, phase: 'begins', ...(othersWithinMs !== undefined && { othersWithinMs }) },
    { type: 'sent', id: 'waits', sender, at, action, confirmed: true },
    {
      type: 'answered',
      id: 'waits',
      at: at + waitMs * NANOSECONDS_PER_MS,
      ...failAnswer(method === 'poison' ? 'INTERNAL_ERROR' : 'EXPIRED'),
    },
    { type: 'fault', at: ends, name, phase: 'ends' },
  ];
  const deadLetters = method === 'poison' ? [...final.deadLetters, 'waits'] : final.deadLetters;
  return { entries: [...entries, ...more], final: { ...final, deadLetters } };
}

/** Wrong delays of other requests. */
export const OTHERS: readonly PlantedRun[] = [
  {
    what: 'another request delayed by the fault of one queue',
    run: () => withFault({ waitMs: 40_000, othersWithinMs: 10_000 }),
    found: [{ invariant: 'others-answered', id: 'waits' }],
  },
];
