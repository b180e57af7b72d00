import type { QueueFigures } from '../context.ts';
import type { FailureRates, MethodRates, Rates, StageTime } from './rates.ts';

/** One worker, as its metrics page says. */
export interface WorkerState {
  /** Host and port of its metrics. */
  readonly name: string;
  readonly state: 'consuming' | 'holding' | 'unreachable';
  /** Why it holds, or cannot be read. */
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
  readonly in_flight: number | null;
  readonly requests_per_second: number | null;
  readonly uptime_seconds: number | null;
  readonly memory_bytes: number | null;
  readonly event_loop_p99_ms: number | null;
  readonly reconnects: number | null;
}

/** One point of the plots. */
export interface HistoryPoint extends Rates {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly waiting: number | null;
  readonly dead: number | null;
  readonly in_flight: number;
}

/** What a person has to know first. */
export interface Verdict {
  readonly level: 'ok' | 'warning' | 'critical';
  readonly text: string;
}

/** `GET /api/overview`. */
export interface Overview {
  readonly time: string;
  readonly queue: string;
  readonly verdicts: readonly Verdict[];
  /** `null`: the queue does not exist, or the broker cannot be asked. */
  readonly requests: QueueFigures | null;
  readonly dead_letters: QueueFigures | null;
  readonly rates: Rates;
  readonly in_flight: number;
  readonly workers: readonly WorkerState[];
  readonly methods: readonly MethodRates[];
  readonly failures: readonly FailureRates[];
  readonly stages: readonly StageTime[];
}

/** What one look at the broker found. */
export interface BrokerState {
  /** Why the broker cannot be asked; `undefined` where it answers. */
  readonly problem: string | undefined;
  readonly requests: QueueFigures | undefined;
  readonly dead: QueueFigures | undefined;
}

/** The verdicts, the most serious first. */
export function verdictsOf(queue: string, broker: BrokerState, workers: readonly WorkerState[]): Verdict[] {
  const found = [
    ...brokerVerdicts(queue, broker),
    ...consumerVerdicts(queue, broker),
    ...workers.flatMap(workerVerdicts),
    ...letterVerdicts(broker),
  ];
  if (found.length === 0) return [{ level: 'ok', text: 'All workers consume, and nothing needs a person.' }];
  return found.toSorted((one, other) => rank(other) - rank(one));
}

function brokerVerdicts(queue: string, { problem, requests }: BrokerState): Verdict[] {
  if (problem !== undefined) return [{ level: 'critical', text: `The broker cannot be asked: ${problem}` }];
  if (requests !== undefined) return [];
  return [{ level: 'critical', text: `The queue ${queue} does not exist. A worker declares it.` }];
}

function consumerVerdicts(queue: string, { requests }: BrokerState): Verdict[] {
  if (requests === undefined || requests.consumers > 0) return [];
  if (requests.messages === 0) return [{ level: 'warning', text: `No worker consumes ${queue}.` }];
  const wait = requests.messages === 1 ? '1 request waits' : `${requests.messages} requests wait`;
  return [{ level: 'critical', text: `${wait}, and no worker consumes ${queue}.` }];
}

function workerVerdicts({ name, state, reasons }: WorkerState): Verdict[] {
  if (state === 'consuming') return [];
  return reasons.map(({ text }) => ({ level: 'warning', text: `${name}: ${text}` }));
}

function letterVerdicts({ dead }: BrokerState): Verdict[] {
  if (dead === undefined || dead.messages === 0) return [];
  const letters = dead.messages === 1 ? 'dead letter needs' : 'dead letters need';
  return [{ level: 'warning', text: `${dead.messages} ${letters} a person.` }];
}

function rank({ level }: Verdict): number {
  return { ok: 0, warning: 1, critical: 2 }[level];
}
