import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { needsAnswer } from './journal.ts';
import type { Injected } from './inject.ts';
import type { RunRecord, RunSettings } from './run.ts';

/** A violated invariant. `id` is a request's. */
export interface Violation {
  readonly invariant: string;
  readonly id?: string;
  readonly contact?: number;
  readonly detail: string;
}

/** One kind of fault, over the whole run. */
export interface Row {
  readonly fault: string;
  readonly times: number;
  /** Requests in flight between its start and full recovery. */
  readonly requests: number;
  /** Mean number of requests in flight when it began. */
  readonly inFlight: number;
  readonly losses: number;
  readonly doubles: number;
  readonly others: number;
  /** Longest time from a confirmed sending to the first answer. */
  readonly longestSilenceMs: number;
}

/**
 * The time span of a request, in nanoseconds on the journal's clock; `Infinity` where it was never
 * answered.
 */
interface Span {
  readonly id: string;
  readonly sent: number;
  readonly answered: number;
}

const LOSSES: ReadonlySet<string> = new Set(['no-answer-lost', 'no-effect-lost', 'no-innocent-attributed']);
const DOUBLES: ReadonlySet<string> = new Set(['no-effect-doubled', 'one-answer', 'contact-id-unique']);

/** Returns the table of a run: one row for each kind of fault that happened. */
function rowsOf({ faults, journal }: RunRecord, violations: readonly Violation[]): Row[] {
  const spans = spansOf(journal);
  const happened = faults.filter((fault) => fault.happened);
  return [...new Set(happened.map(({ name }) => name))]
    .map((name) => {
      const times = happened.filter((fault) => fault.name === name);
      const next = (at: number): Injected | undefined => happened.find(({ until }) => until >= at);
      return rowOf({ name, times, next }, spans, violations);
    })
    .sort((one, other) => other.times - one.times || one.fault.localeCompare(other.fault));
}

interface Times {
  readonly name: string;
  readonly times: readonly Injected[];
  /** The fault, of any kind, that was active at a moment or came next. */
  readonly next: (at: number) => Injected | undefined;
}

function rowOf({ name, times, next }: Times, spans: readonly Span[], violations: readonly Violation[]): Row {
  const concerned = spans.filter(({ sent, answered }) =>
    // A request without an answer is attributed to the fault that was active or next when it was
    // sent.
    times.some((one) => (answered === Infinity ? one === next(sent) : sent <= one.until && answered >= one.from)),
  );
  const ids = new Set(concerned.map(({ id }) => id));
  const attributed = violations.filter(({ id }) => id !== undefined && ids.has(id));
  const counts = countsOf(attributed);
  return {
    fault: name,
    times: times.length,
    requests: concerned.length,
    inFlight: Math.round(times.reduce((sum, { inFlight }) => sum + inFlight, 0) / times.length),
    ...counts,
    longestSilenceMs: longestSilence(concerned),
  };
}

function countsOf(violations: readonly Violation[]): Pick<Row, 'losses' | 'doubles' | 'others'> {
  const losses = violations.filter(({ invariant }) => LOSSES.has(invariant)).length;
  const doubles = violations.filter(({ invariant }) => DOUBLES.has(invariant)).length;
  return { losses, doubles, others: violations.length - losses - doubles };
}

function spansOf({ sent, answered }: RunRecord['journal']): Span[] {
  const sentAt = new Map<string, number>();
  for (const { id, at, action, confirmed } of sent) {
    if (confirmed && needsAnswer(action.method)) sentAt.set(id, Math.min(at, sentAt.get(id) ?? Infinity));
  }
  const answeredAt = new Map<string, number>();
  for (const { id, at } of answered) answeredAt.set(id, Math.min(at, answeredAt.get(id) ?? Infinity));
  return [...sentAt].map(([id, at]) => ({ id, sent: at, answered: answeredAt.get(id) ?? Infinity }));
}

function longestSilence(spans: readonly Span[]): number {
  return Math.round(spans.reduce((longest, { sent, answered }) => Math.max(longest, answered - sent), 0) / 1e6);
}

/** Writes the run as Markdown and as JSON beside the journal. Returns the Markdown. */
export function writeReport(settings: RunSettings, record: RunRecord, violations: readonly Violation[]): string {
  const rows = rowsOf(record, violations);
  const total = totals(record, violations);
  const page = [headline(settings, total), '', ...table(rows), '', ...violationLines(violations)].join('\n');
  const { plan: _functions, ...choices } = settings;
  const json = { settings: choices, total, rows, violations, faults: record.faults };
  writeFileSync(join(record.folder, 'report.json'), `${JSON.stringify(json, null, 2)}\n`);
  writeFileSync(join(record.folder, 'report.md'), `${page}\n`);
  return page;
}

type Totals = ReturnType<typeof totals>;

function totals({ journal, faults, final, requests, unexpectedEnds, seconds }: RunRecord, all: readonly Violation[]) {
  const ids = new Set(journal.answered.map(({ id }) => id));
  return {
    requests,
    sendings: journal.sent.length,
    answers: journal.answered.length,
    answeredRequests: ids.size,
    faults: faults.filter(({ happened }) => happened).length,
    didNotHappen: faults.filter(({ happened }) => !happened).length,
    ...countsOf(all),
    longestSilenceMs: longestSilence(spansOf(journal)),
    workersEndedUnrequested: unexpectedEnds,
    deadLetters: final.deadLetters.length,
    queueDepth: final.requestQueueDepth,
    peakMemoryMiB: final.peakMemoryMiB,
    seconds: Math.round(seconds),
  };
}

function headline({ seed, workers, senders, removedGuard }: RunSettings, total: Totals): string {
  const without = removedGuard === undefined ? '' : `, without the guard "${removedGuard}"`;
  return [
    `seed ${seed}, ${workers} workers, ${senders} producers${without}: ${total.requests} requests ` +
      `(${total.sendings} sendings, ${total.answers} answers), ${total.faults} faults in ${total.seconds} s.`,
    `Losses ${total.losses}, doubles ${total.doubles}, other violations ${total.others}; ` +
      `longest silence ${inSeconds(total.longestSilenceMs)}.`,
    `${total.workersEndedUnrequested} workers ended unrequested, ${total.deadLetters} dead letters, ` +
      `queue depth ${total.queueDepth}, peak memory of a worker ${total.peakMemoryMiB} MiB, ` +
      `${total.didNotHappen} faults whose trigger did not occur.`,
  ].join('\n');
}

function inSeconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : 'endless';
}

const COLUMNS = ['fault', 'times', 'requests', 'in flight', 'losses', 'doubles', 'other', 'longest silence'];

function table(rows: readonly Row[]): string[] {
  const cells = rows.map((row) => [
    row.fault,
    row.times,
    row.requests,
    row.inFlight,
    row.losses,
    row.doubles,
    row.others,
    inSeconds(row.longestSilenceMs),
  ]);
  const line = (texts: readonly (string | number)[]): string => `| ${texts.join(' | ')} |`;
  return [line(COLUMNS), line(COLUMNS.map((_, at) => (at === 0 ? '---' : '--:'))), ...cells.map(line)];
}

const SHOWN = 30;

function violationLines(violations: readonly Violation[]): string[] {
  if (violations.length === 0) return ['No violation.'];
  const shown = violations.slice(0, SHOWN).map(({ invariant, id, contact, detail }) => {
    const whose = [id, contact === undefined ? undefined : `contact ${contact}`].filter((text) => text !== undefined);
    return `- ${invariant} ${whose.join(', ')}: ${detail.slice(0, 300)}`;
  });
  const more = violations.length > SHOWN ? [`- and ${violations.length - SHOWN} more, see report.json`] : [];
  return [`${violations.length} violations:`, ...shown, ...more];
}
