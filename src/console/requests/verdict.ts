import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../../protocol/catalogue.ts';
import type { RequestTrace } from '../context.ts';
import { listed } from '../letters/own-headers.ts';
import type { LetterRow } from '../letters/row.ts';
import type { LogLine } from './log-search.ts';

/** One step of a request's life. */
export interface Step {
  readonly state: 'yes' | 'no' | 'unknown';
  /** What shows it. */
  readonly text: string;
}

/** What is known of a request's four steps. */
export interface Verdict {
  readonly taken: Step;
  readonly executed: Step;
  readonly answered: Step;
  readonly dead_lettered: Step;
}

const EFFECTS = { created: 'created contact', updated: 'updated contact', deleted: 'deleted contact' } as const;

/** Whether a request with this reason may have been executed. */
const EXECUTED_BEFORE: Readonly<Record<DeadLetterReason, boolean>> = {
  INTERNAL_ERROR: false,
  REPLY_TO_OWN_QUEUE: false,
  REPLY_TO_NOT_ALLOWED: false,
  REPLY_TO_NOT_UTF8: false,
  UNREADABLE_PROPERTIES: false,
  ANSWER_REFUSED: true,
  ANSWER_UNCONFIRMED: true,
  ANSWER_UNSENDABLE: true,
};

/** The broker's reason where a worker could not publish the letter itself, for any of its own reasons. */
const REJECTED = 'rejected';
const ONLY_LOG = 'only the log tells; give it with --log';

/** Concludes from dead letters, database and log. What nothing shows is `unknown`. */
export function verdictOf(
  letters: readonly LetterRow[],
  traces: readonly RequestTrace[],
  log: readonly LogLine[],
): Verdict {
  const [letter] = letters;
  const line = log.at(-1);
  const byWorker = letter !== undefined && isReason(letter.cause);
  return {
    taken: takenStep(byWorker, traces, line, letter),
    executed: executedStep(letter, traces, line),
    answered: answeredStep(letter, line),
    dead_lettered: deadLetteredStep(letters, line),
  };
}

function takenStep(
  byWorker: boolean,
  traces: readonly RequestTrace[],
  line: LogLine | undefined,
  letter: LetterRow | undefined,
): Step {
  if (line !== undefined) return { state: 'yes', text: `a worker logged it at ${line.time}` };
  if (traces.length > 0) return { state: 'yes', text: 'the database holds a trace of it' };
  if (byWorker) return { state: 'yes', text: 'a worker dead-lettered it' };
  if (letter?.cause === REJECTED) return { state: 'yes', text: 'a worker had the broker dead-letter it' };
  if (letter !== undefined) return { state: 'no', text: `the broker dead-lettered it (${letter.cause})` };
  return { state: 'unknown', text: 'nothing shows it: it may wait in the request queue, or be unknown here' };
}

function executedStep(letter: LetterRow | undefined, traces: readonly RequestTrace[], line: LogLine | undefined): Step {
  return (
    traces.map(byEffect).find(Boolean) ??
    byLog(line) ??
    byAttempts(traces) ??
    byLetter(letter) ?? {
      state: 'unknown',
      text: 'no effect is found; reads leave none, and keys expire after the retention',
    }
  );
}

function byEffect({ kind, contactId, at }: RequestTrace): Step | undefined {
  if (kind === 'attempted' || kind === 'failed') return undefined;
  const when = at === undefined ? '' : ` at ${at.toISOString()}`;
  return { state: 'yes', text: `${EFFECTS[kind]} ${contactId ?? '(number unknown)'}${when}` };
}

function byLog(line: LogLine | undefined): Step | undefined {
  if (line?.status === 'ok') return { state: 'yes', text: `${line.method} succeeded` };
  return line?.status === 'fail' ? { state: 'no', text: `${line.method} was answered ${line.code}` } : undefined;
}

function byAttempts(traces: readonly RequestTrace[]): Step | undefined {
  const failed = traces.find(({ kind }) => kind === 'failed');
  if (failed !== undefined)
    return { state: 'no', text: `it failed for good: ${listed(failed.lastError ?? 'a defect') ?? ''}` };
  const attempted = traces.find(({ kind }) => kind === 'attempted');
  if (attempted === undefined) return undefined;
  return { state: 'unknown', text: `starts without an end on record: ${attempted.starts ?? 0}` };
}

function byLetter(letter: LetterRow | undefined): Step | undefined {
  if (letter === undefined) return undefined;
  if (letter.cause === REJECTED) return { state: 'unknown', text: ONLY_LOG };
  if (!isReason(letter.cause)) return { state: 'no', text: 'no worker had it' };
  if (EXECUTED_BEFORE[letter.cause]) return { state: 'yes', text: 'its answer could not be delivered, so it had run' };
  if (letter.cause !== 'INTERNAL_ERROR') return { state: 'no', text: `refused before execution (${letter.cause})` };
  return { state: 'unknown', text: `a defect after ${letter.attempts ?? 'some'} attempts; no effect is found` };
}

function answeredStep(letter: LetterRow | undefined, line: LogLine | undefined): Step {
  if (line !== undefined) {
    if (line.reply === 'routed') return { state: 'yes', text: `${line.code}, confirmed by the broker` };
    return { state: 'no', text: line.reply === 'none' ? 'no answer was sent' : `the answer was ${line.reply}` };
  }
  if (letter === undefined || letter.cause === REJECTED) return { state: 'unknown', text: ONLY_LOG };
  if (letter.cause === 'INTERNAL_ERROR') return { state: 'yes', text: 'INTERNAL_ERROR, if it asked for an answer' };
  if (letter.cause === 'ANSWER_UNCONFIRMED') return { state: 'unknown', text: 'the broker did not confirm the answer' };
  return { state: 'no', text: letter.cause };
}

function deadLetteredStep(letters: readonly LetterRow[], line: LogLine | undefined): Step {
  if (letters.length === 0) {
    const text =
      line?.code === 'INTERNAL_ERROR' ? 'it was, and is no longer in the queue' : 'not in the dead-letter queue';
    return { state: line?.code === 'INTERNAL_ERROR' ? 'yes' : 'no', text };
  }
  const causes = [...new Set(letters.map(({ cause }) => cause))].join(', ');
  return { state: 'yes', text: `${letters.length} in the queue now: ${causes}` };
}

function isReason(cause: string): cause is DeadLetterReason {
  return Object.hasOwn(DEAD_LETTER_REASONS, cause);
}
