import type { Contacts } from '../contacts.ts';
import { CommandError } from '../errors.ts';
import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';
import type { Problem } from '../../client/index.ts';
import { failureOf, problemLine, type Failure } from '../failure.ts';
import type { Row, RowReader } from '../formats/row.ts';
import { UnreadableFileError } from '../formats/text.ts';
import { checkRow } from './check.ts';
import { rowMessageId } from './identity.ts';

/** What an import needs of its environment. */
export interface ImportPlan {
  readonly reader: RowReader;
  /** `undefined`: rows are checked only. */
  readonly contacts: Pick<Contacts, 'create'> | undefined;
  /** The file's, for message ids. */
  readonly identity: string;
  /** Of rows that have none. */
  readonly clientId: number | undefined;
  /** Rows that `contacts` has in flight, at most; at least 1. */
  readonly inFlight: number;
  /** For each answer. */
  readonly timeoutMs: number;
  /** Stops reading; rows in flight are awaited. */
  readonly stop: AbortSignal;
  /**
   * Awaited for each rejected row, in the order of the file. Rejects with `CommandError` where it
   * cannot be kept, which ends the import.
   */
  readonly rejected: (row: Row, problems: readonly Problem[]) => Promise<void>;
  readonly counts: Counts;
}

/**
 * Rows in memory, for each one in flight. Outcomes are settled in the order of the file: with more
 * rows than may be in flight, one slow answer does not keep others from being sent.
 */
const WINDOW = 2;

/** What became of the rows; counted while the import runs. */
export interface Counts {
  rows: number;
  created: number;
  repeated: number;
  rejected: number;
  /** Whether they took effect is unknown. */
  unanswered: number;
}

export function noCounts(): Counts {
  return { rows: 0, created: 0, repeated: 0, rejected: 0, unanswered: 0 };
}

/** Why an import ended before the end of its file. */
export interface EarlyEnd {
  readonly exitCode: ExitCode;
  readonly reason: string;
  /** How to go on: run it again, or correct the file first. `undefined`: there is no more to do. */
  readonly remedy: 'again' | 'correct' | undefined;
}

const STOPPED: EarlyEnd = { exitCode: EXIT_CODES.interrupted, reason: 'Stopped.', remedy: 'again' };

type Outcome = 'created' | 'repeated' | 'valid' | Failure;

/**
 * Reads rows, sends them and counts the outcomes. Reads only as fast as rows are answered. Returns
 * why it ended early. The first call without an answer stops it: every later one would wait as
 * long.
 */
export async function importRows(plan: ImportPlan): Promise<EarlyEnd | undefined> {
  const { inFlight, stop } = plan;
  const waiting: (readonly [Row, Promise<Outcome>])[] = [];
  let end: EarlyEnd | undefined;
  const settleFirst = async (): Promise<void> => {
    const first = waiting.shift();
    const ended = first === undefined ? undefined : await settle(plan, ...first);
    end ??= ended;
  };
  try {
    for await (const row of plan.reader.rows()) {
      if (stop.aborted || end !== undefined) break;
      if (waiting.length >= WINDOW * inFlight) await settleFirst();
      plan.counts.rows += 1;
      waiting.push([row, outcomeOf(plan, row)]);
    }
    if (stop.aborted) end ??= STOPPED;
    else if (plan.counts.rows === 0) end = nothingIn(plan.reader);
  } catch (error) {
    const thrown = stop.aborted ? STOPPED : unreadableEnd(error);
    end ??= thrown;
  } finally {
    while (waiting.length > 0) await settleFirst();
  }
  return end;
}

/** Rethrows what does not concern the file. */
function unreadableEnd(error: unknown): EarlyEnd {
  if (!(error instanceof UnreadableFileError)) throw error;
  const reason = sentence(`The rest of the file cannot be read: ${error.message}`);
  return { exitCode: EXIT_CODES.failed, reason, remedy: 'correct' };
}

/** Rethrows what is a defect. */
export function endOf(error: unknown): EarlyEnd {
  if (!(error instanceof CommandError)) throw error;
  return { exitCode: error.exitCode, reason: sentence(error.message), remedy: 'again' };
}

/** Whoever imports a file expects contacts in it. */
function nothingIn({ nothing }: RowReader): EarlyEnd {
  return { exitCode: EXIT_CODES.failed, reason: `There is nothing to import: ${nothing}.`, remedy: undefined };
}

/** Never rejects with anything but a defect. */
async function outcomeOf({ contacts, identity, clientId, timeoutMs }: ImportPlan, row: Row): Promise<Outcome> {
  const checked = checkRow(row, clientId);
  if (!checked.ok) return { exitCode: EXIT_CODES.failed, refused: true, problems: checked.faults };
  if (contacts === undefined) return 'valid';
  try {
    const messageId = rowMessageId(identity, row.number);
    const { repeated } = await contacts.create(checked.contact, { messageId, timeoutMs });
    return repeated ? 'repeated' : 'created';
  } catch (error) {
    return failureOf(error);
  }
}

async function settle(
  { counts, rejected }: ImportPlan,
  row: Row,
  waited: Promise<Outcome>,
): Promise<EarlyEnd | undefined> {
  const outcome = await waited;
  if (typeof outcome === 'string') {
    if (outcome !== 'valid') counts[outcome] += 1;
    return undefined;
  }
  const { exitCode, refused, problems } = outcome;
  if (refused) {
    counts.rejected += 1;
    return rejected(row, problems).then(() => undefined, endOf);
  }
  counts.unanswered += 1;
  return { exitCode, reason: sentence(`${row.place}: ${problems.map(problemLine).join('; ')}`), remedy: 'again' };
}

/** Some messages end as a sentence does. */
function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
