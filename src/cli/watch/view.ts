import { tableText } from '../presentation.ts';
import type { QueueState } from '../inspection.ts';
import type { WorkerFigures } from './metrics.ts';

/** What was seen at one moment. */
export interface Look {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Whether the broker answered. */
  readonly reached: boolean;
  readonly queue: string;
  /** `undefined`: the queue does not exist, or the broker does not report it. */
  readonly requests: QueueState | undefined;
  readonly dead: QueueState | undefined;
  /** Of those workers whose metrics were read. */
  readonly workers: WorkerFigures | undefined;
  readonly problems: readonly string[];
}

/** What changed between two looks, for a second. */
export interface Rates {
  readonly requests: number;
  readonly failures: number;
  /** Milliseconds for one request, on average; `undefined` where there was none. */
  readonly averageMs: number | undefined;
}

export function ratesBetween(earlier: Look | undefined, now: Look): Rates | undefined {
  const [before, after] = [earlier?.workers, now.workers];
  if (earlier === undefined || before === undefined || after === undefined) return undefined;
  // A worker that started anew counts from 0.
  if (after.requests < before.requests || after.workers !== before.workers) return undefined;
  const seconds = Math.max((now.time - earlier.time) / 1_000, 0.001);
  const requests = after.requests - before.requests;
  return {
    requests: requests / seconds,
    failures: (failed(after) - failed(before)) / seconds,
    averageMs: requests === 0 ? undefined : ((after.seconds - before.seconds) / requests) * 1_000,
  };
}

function failed({ failures }: WorkerFigures): number {
  return Object.values(failures).reduce((sum, count) => sum + count, 0);
}

/** One look as an object, for programs. What is not known is null. */
export function lookObject(look: Look, rates: Rates | undefined): Record<string, unknown> {
  const { time, queue, requests, dead, problems } = look;
  return {
    time: new Date(time).toISOString(),
    queue,
    waiting: requests?.messages ?? null,
    consumers: requests?.consumers ?? null,
    dead_letters_waiting: dead?.messages ?? null,
    ...rateMembers(rates),
    ...workerMembers(look.workers),
    problems,
  };
}

function rateMembers(rates: Rates | undefined): Record<string, number | null> {
  const member = (value: number | undefined): number | null => (value === undefined ? null : rounded(value));
  return {
    requests_per_second: member(rates?.requests),
    failures_per_second: member(rates?.failures),
    average_ms: member(rates?.averageMs),
  };
}

function workerMembers(workers: WorkerFigures | undefined): Record<string, unknown> {
  if (workers === undefined) return { workers: 0, workers_ready: 0 };
  return {
    workers: workers.workers,
    workers_ready: workers.ready,
    in_flight: workers.inFlight,
    requests_total: workers.requests,
    repeats_total: workers.repeats,
    dead_letters_total: workers.deadLetters,
    failures_total: workers.failures,
    intake_held: workers.held,
  };
}

/** One look as lines for a person. */
export function lookText(look: Look, rates: Rates | undefined): string {
  const { time, queue, requests, dead, workers, problems } = look;
  const rows: string[][] = [
    ['queue', queue],
    ['waiting', figure(requests?.messages)],
    ['consumers', figure(requests?.consumers)],
    ['dead letters', figure(dead?.messages)],
  ];
  if (workers !== undefined) {
    rows.push(
      ['workers ready', `${workers.ready} of ${workers.workers}`],
      ['in flight', figure(workers.inFlight)],
      ['requests', `${workers.requests}, ${figure(rates && rounded(rates.requests))}/s`],
      ['average', rates?.averageMs === undefined ? '-' : `${rounded(rates.averageMs)} ms`],
      ['failures', failureText(workers)],
    );
    if (workers.held.length > 0) rows.push(['nothing consumed', workers.held.join(', ')]);
  }
  for (const problem of problems) rows.push(['problem', problem]);
  return `${new Date(time).toISOString()}\n${tableText(undefined, rows)}`;
}

function failureText({ failures }: WorkerFigures): string {
  const some = Object.entries(failures).filter(([, count]) => count > 0);
  return some.length === 0 ? '0' : some.map(([code, count]) => `${code} ${count}`).join(', ');
}

function figure(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
