import { DEAD_LETTER_REASONS } from '../../protocol/catalogue.ts';
import type { DeadLetter } from '../../protocol/dead-letter.ts';
import { matchesReference } from '../../dead-letters/summary.ts';
import { idsOf, type ConsoleContext, type RequestTrace } from '../context.ts';
import type { LetterDesk } from '../letters/desk.ts';
import { listed } from '../letters/own-headers.ts';
import { letterId, rowOf, type LetterRow } from '../letters/row.ts';
import { ConsoleError, reasonOf } from '../problem.ts';
import { searchLog, type LogLine } from './log-search.ts';
import { verdictOf, type Verdict } from './verdict.ts';

/** Whether a source could be searched, and what it holds. */
export interface Source {
  readonly name: 'dead-letter queue' | 'database' | 'log';
  readonly state: 'searched' | 'not searched' | 'failed';
  readonly text: string;
}

/** `GET /api/requests/REFERENCE`. */
export interface RequestStory extends Verdict {
  /** As asked for. */
  readonly reference: string;
  readonly found: boolean;
  /** Beginnings of the keys under which effects are stored. */
  readonly references: readonly string[];
  readonly dead_letters: readonly (LetterRow & { readonly id: string })[];
  readonly traces: readonly (Omit<RequestTrace, 'at' | 'lastError'> & {
    readonly at: string | null;
    readonly lastError?: string | null;
  })[];
  readonly log: readonly LogLine[];
  readonly sources: readonly Source[];
}

type Context = Pick<ConsoleContext, 'queue' | 'traces' | 'logFiles' | 'methodOf' | 'keyOf'>;

/** A request's reference, or its whole key: a kind, and characters of base64url. */
const KEY_LIKE = /^[mdrb][\w-]{15,24}(?:~[\w-]*)?$/;
const REFERENCE_LENGTH = 16;
const MAX_LETTERS = 50;
const MAX_REFERENCE = 255;

/** Collects what is known of a request by its reference, message id or correlation id. */
export async function lookUp(wanted: string, context: Context, desk: LetterDesk): Promise<RequestStory> {
  if (wanted === '' || wanted.length > MAX_REFERENCE) {
    throw new ConsoleError(400, 'BAD_VALUE', `A reference has 1 to ${MAX_REFERENCE} characters.`);
  }
  const [letters, log] = await Promise.all([searchLetters(wanted, context, desk), searchLogs(wanted, context)]);
  const references = new Set([
    ...(KEY_LIKE.test(wanted) ? [wanted] : []),
    ...letters.found.map(({ reference }) => reference),
    ...log.found.map(({ reference }) => reference).filter((reference) => KEY_LIKE.test(reference)),
  ]);
  const database = await searchDatabase([...references], context);
  const rows = letters.found.map(({ row }) => row);
  const found = rows.length + log.found.length + database.found.length > 0;
  return {
    reference: wanted,
    found,
    ...verdictOf(rows, database.found, log.found),
    references: [...references],
    dead_letters: rows,
    traces: database.found.map(({ at, lastError, ...trace }) => ({
      ...trace,
      ...(lastError !== undefined && { lastError: listed(lastError) }),
      at: at?.toISOString() ?? null,
    })),
    log: log.found,
    sources: [letters.source, database.source, log.source],
  };
}

interface Searched<T> {
  readonly found: readonly T[];
  readonly source: Source;
}

async function searchLetters(
  wanted: string,
  { queue, methodOf, keyOf }: Context,
  desk: LetterDesk,
): Promise<Searched<{ readonly row: LetterRow; readonly reference: string }>> {
  const name = 'dead-letter queue';
  const hasKey = (letter: DeadLetter): boolean =>
    KEY_LIKE.test(wanted) && referenceOf(letter, keyOf) === wanted.slice(0, REFERENCE_LENGTH);
  const matches = (letter: DeadLetter): boolean =>
    matchesReference(letter, wanted) ||
    letter.properties['correlation_id'] === wanted ||
    letterId(letter) === wanted ||
    hasKey(letter);
  try {
    const read = (letter: DeadLetter) => ({ row: rowOf(letter, methodOf), reference: referenceOf(letter, keyOf) });
    const found = await desk.find(matches, read, MAX_LETTERS);
    return { found, source: { name, state: 'searched', text: `${queue}.dead: ${found.length} found` } };
  } catch (error) {
    return { found: [], source: { name, state: 'failed', text: reasonOf(error) } };
  }
}

/** What a worker logs and answers as this request's reference. */
function referenceOf(letter: DeadLetter, keyOf: Context['keyOf']): string {
  const cause = letter.headers['diagnosis-code'];
  const told = letter.headers['diagnosis-reference-id'];
  const isOurs = typeof cause === 'string' && Object.hasOwn(DEAD_LETTER_REASONS, cause);
  return isOurs && typeof told === 'string' && KEY_LIKE.test(told)
    ? told
    : keyOf(idsOf(letter)).slice(0, REFERENCE_LENGTH);
}

async function searchDatabase(references: readonly string[], { traces }: Context): Promise<Searched<RequestTrace>> {
  const name = 'database';
  const skipped = (text: string): Searched<RequestTrace> => ({
    found: [],
    source: { name, state: 'not searched', text },
  });
  if (traces === undefined) return skipped('MONGODB_URL is not set');
  if (references.length === 0) {
    return skipped('it stores no message ids, only references: give the document, or the reference from the log');
  }
  try {
    const found = (await Promise.all(references.slice(0, 10).map((reference) => traces.find(reference)))).flat();
    return { found, source: { name, state: 'searched', text: `${found.length} found` } };
  } catch (error) {
    return { found: [], source: { name, state: 'failed', text: reasonOf(error) } };
  }
}

async function searchLogs(wanted: string, { logFiles }: Context): Promise<Searched<LogLine>> {
  const name = 'log';
  if (logFiles.length === 0) {
    return { found: [], source: { name, state: 'not searched', text: 'no --log FILE is given' } };
  }
  const reference = KEY_LIKE.test(wanted) ? wanted.slice(0, REFERENCE_LENGTH) : wanted;
  try {
    const found = (await Promise.all(logFiles.map((file) => searchLog(file, reference)))).flat();
    return { found, source: { name, state: 'searched', text: `${found.length} lines found` } };
  } catch (error) {
    return { found: [], source: { name, state: 'failed', text: reasonOf(error) } };
  }
}
