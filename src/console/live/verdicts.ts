import type { OldestRequest } from './backlog.ts';
import type { BrokerState, NamedQueue, WorkerState } from './states.ts';

/** What a person has to know first. */
export interface Verdict {
  readonly level: 'ok' | 'warning' | 'critical';
  readonly text: string;
  /** The next step of a person; `null` where there is none to take. */
  readonly todo: string | null;
}

/** As in the alert ContactsOldestRequest. */
const OLD_SECONDS = 120;

const NEXT_STEP = {
  broker: 'Is the broker up, and does it accept AMQP_URL’s user? Run: contacts doctor. Requests wait meanwhile.',
  missing:
    'Start a worker, which declares it. If there was one: does the console have the same REQUEST_QUEUE and REQUEST_QUEUES?',
  consumer:
    'Does a worker run? Look at its log, and at its /readyz. A worker holds while the database is unavailable, and resumes by itself.',
  worker: 'Its /readyz names the failing check; its log says why. Send nothing back before it consumes again.',
  unreachable: 'Does the process run, and is the URL of --metrics right? Its requests go to other workers meanwhile.',
  letters: 'Open “Dead letters”: fix the cause of a group first, then send it back; discard what nobody waits for.',
  old: 'If the queue grows, add workers; if nothing is answered, look at the database and at why workers hold.',
} as const;

/** The verdicts, the most serious first. */
export function verdictsOf(
  queue: string,
  broker: BrokerState,
  workers: readonly WorkerState[],
  oldest?: OldestRequest,
): Verdict[] {
  const found = [
    ...brokerVerdicts(queue, broker),
    ...broker.queues.flatMap(consumerVerdicts),
    ...workers.flatMap(workerVerdicts),
    ...ageVerdicts(oldest),
    ...letterVerdicts(broker),
  ];
  if (found.length === 0)
    return [{ level: 'ok', text: 'All workers consume, and nothing needs a person.', todo: null }];
  return found.toSorted((one, other) => rank(other) - rank(one));
}

function brokerVerdicts(queue: string, { problem, queues }: BrokerState): Verdict[] {
  if (problem !== undefined) {
    return [{ level: 'critical', text: `The broker cannot be asked: ${problem}`, todo: NEXT_STEP.broker }];
  }
  const missing = queues.filter(({ figures }) => figures === undefined).map(({ name }) => name);
  if (missing.length === 0) return [];
  const what = missing.length === queues.length ? [queue] : missing;
  return what.map((name) => ({
    level: 'critical',
    text: `The queue ${name} does not exist. A worker declares it.`,
    todo: NEXT_STEP.missing,
  }));
}

function consumerVerdicts({ name, figures }: NamedQueue): Verdict[] {
  if (figures === undefined || figures.consumers > 0) return [];
  const { messages } = figures;
  if (messages === 0) return [{ level: 'warning', text: `No worker consumes ${name}.`, todo: NEXT_STEP.consumer }];
  const wait = messages === 1 ? '1 request waits' : `${messages} requests wait`;
  return [{ level: 'critical', text: `${wait}, and no worker consumes ${name}.`, todo: NEXT_STEP.consumer }];
}

function workerVerdicts({ name, state, reasons }: WorkerState): Verdict[] {
  if (state === 'consuming') return [];
  const todo = state === 'unreachable' ? NEXT_STEP.unreachable : NEXT_STEP.worker;
  return reasons.map(({ text }) => ({ level: 'warning', text: `${name}: ${text}`, todo }));
}

function ageVerdicts(oldest: OldestRequest | undefined): Verdict[] {
  if (oldest === undefined || (oldest.age_seconds ?? 0) < OLD_SECONDS) return [];
  const minutes = Math.floor((oldest.age_seconds ?? 0) / 60);
  const text = `The oldest request is not answered for ${minutes} minutes (${oldest.text}).`;
  return [{ level: 'warning', text, todo: NEXT_STEP.old }];
}

function letterVerdicts({ dead }: BrokerState): Verdict[] {
  if (dead === undefined || dead.messages === 0) return [];
  const letters = dead.messages === 1 ? 'dead letter needs' : 'dead letters need';
  return [{ level: 'warning', text: `${dead.messages} ${letters} a person.`, todo: NEXT_STEP.letters }];
}

function rank({ level }: Verdict): number {
  return { ok: 0, warning: 1, critical: 2 }[level];
}
