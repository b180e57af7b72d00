import { samplesIn, type Sample } from '../../cli/watch/metrics.ts';

/** Why a worker consumes nothing, in words. A reason that is not listed here is shown as it is. */
const HOLD_TEXTS: Readonly<Record<string, string>> = {
  database: 'The database is unavailable. Requests stay in the queue; consumption resumes by itself.',
  writes: 'Every write of a method fails alike (a right, a quota, a validator). Failing requests are retried.',
  answers: 'Answers cannot be published: the broker connection is lost, or the broker has an alarm.',
};

/** What one worker reports; totals since its start. */
export interface WorkerPage {
  readonly samples: readonly Sample[];
  readonly ready: boolean;
  readonly inFlight: number;
  /** Seconds, of the requests in flight; 0 where none has a timestamp. */
  readonly oldestAgeS: number;
  readonly holds: readonly { readonly code: string; readonly text: string }[];
  /** One request at a time, because one may end processes. */
  readonly cautious: boolean;
  readonly requests: number;
  /** Seconds since the epoch; 0 where it is unknown. */
  readonly startedAt: number;
  readonly memoryBytes: number;
  readonly eventLoopMs: number;
  readonly reconnects: number;
}

/** Reads a metrics page. */
export function readWorkerPage(text: string): WorkerPage {
  const samples = samplesIn(text);
  const total = (name: string): number =>
    samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
  const holds = samples
    .filter(({ name, value }) => name === 'contacts_intake_held' && value > 0)
    .map(({ labels: { reason = 'unknown' } }) => ({ code: reason, text: HOLD_TEXTS[reason] ?? reason }));
  return {
    samples,
    ready: total('contacts_ready') > 0,
    inFlight: total('contacts_in_flight'),
    oldestAgeS: total('contacts_oldest_request_age_seconds'),
    holds,
    cautious: total('contacts_cautious') > 0,
    requests: total('contacts_requests_total'),
    startedAt: total('process_start_time_seconds'),
    memoryBytes: total('process_resident_memory_bytes'),
    eventLoopMs: total('nodejs_eventloop_lag_p99_seconds') * 1_000,
    reconnects: total('contacts_reconnects_total'),
  };
}

/** Why the worker is not at full speed; empty where it is. */
export function holdsOf({ ready, holds, cautious }: WorkerPage): WorkerPage['holds'] {
  const found = [...holds];
  if (!ready && holds.length === 0) {
    const text = 'Not ready: it starts, drains, or has lost its connection to the broker. Its /readyz says more.';
    found.push({ code: 'not-ready', text });
  }
  if (cautious) {
    found.push({
      code: 'cautious',
      text: 'One request at a time: one of the requests may end processes or connections.',
    });
  }
  return found;
}
