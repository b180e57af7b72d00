import { HEADERS } from '../../protocol/catalogue.ts';
import type { DeadLetter } from '../../protocol/dead-letter.ts';
import { escapeControls } from '../../dead-letters/terminal-text.ts';

/** Characters of an error in a list; the page of the letter shows all of it. */
const MAX_LISTED = 200;
const MAX_DEATHS = 20;

/** Producers choose ids freely; one that does not look like an id may identify a person. */
const ID_LIKE = /^[\w.:+/~=-]{1,255}$/;
const CODE_LIKE = /^[\w-]{1,64}$/;

type Shown = string | number;

/** `null`: not set. An id that may identify a person is hidden. */
export function shownId(id: unknown): string | null {
  if (typeof id !== 'string' || id === '') return null;
  return ID_LIKE.test(id) ? id : hiddenText(id);
}

function hiddenText({ length }: string): string {
  return `(hidden, ${length} characters)`;
}

/**
 * An error as the worker wrote it. Hidden where the broker dead-lettered the letter: then the
 * producer may have set the header.
 */
export function shownError({ headers }: DeadLetter, which: 'first' | 'last'): string | null {
  const value = headers[which === 'first' ? HEADERS.diagnosisFirstError : HEADERS.diagnosisLastError];
  if (typeof value !== 'string' || value === '') return null;
  return headers['x-death'] === undefined ? escapeControls(value) : hiddenText(value);
}

/** The beginning of a text, for a list; never half a character. */
export function listed(text: string | null): string | null {
  if (text === null || text.length <= MAX_LISTED) return text;
  return `${text.slice(0, MAX_LISTED).replace(/[\ud800-\udbff]$/, '')}…`;
}

const number = (value: unknown): Shown | undefined => (typeof value === 'number' ? value : undefined);
/** The default exchange has an empty name. */
const id = (value: unknown): Shown | undefined => (value === '' ? '' : (shownId(value) ?? undefined));
const code = (value: unknown): Shown | undefined =>
  typeof value === 'string' && CODE_LIKE.test(value) ? value : undefined;
const moment = (value: unknown): Shown | undefined =>
  typeof value === 'string' && /^[\dTZ:.+-]{1,40}$/.test(value) ? value : undefined;

/**
 * Headers of the worker and the broker, with the form that their values have. A producer can set
 * each of them, too: what has another form is hidden, like every other header.
 */
const FORMS: Readonly<Record<string, (value: unknown) => unknown>> = {
  [HEADERS.diagnosisCode]: code,
  [HEADERS.diagnosisAttempts]: number,
  [HEADERS.diagnosisReferenceId]: id,
  [HEADERS.diagnosisTime]: moment,
  [HEADERS.publishId]: id,
  [HEADERS.sentBack]: number,
  [HEADERS.deadline]: number,
  'x-death': shownDeaths,
  'x-first-death-reason': code,
  'x-first-death-queue': id,
  'x-first-death-exchange': id,
  'x-last-death-reason': code,
  'x-last-death-queue': id,
  'x-last-death-exchange': id,
  'x-delivery-count': number,
  'x-acquired-count': number,
};

/** What of a letter's headers may be shown, and how many may not. The errors are shown apart. */
export function shownHeaders({ headers }: DeadLetter): {
  readonly shown: Readonly<Record<string, unknown>>;
  readonly hidden: number;
} {
  const shown: Record<string, unknown> = {};
  let hidden = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (name === HEADERS.diagnosisFirstError || name === HEADERS.diagnosisLastError) continue;
    const text = Object.hasOwn(FORMS, name) ? FORMS[name]?.(value) : undefined;
    if (text === undefined) hidden += 1;
    else shown[name] = text;
  }
  return { shown, hidden };
}

/** The broker's history: its own words, and the names of queues and exchanges. */
function shownDeaths(value: unknown): unknown {
  if (!Array.isArray(value)) return undefined;
  return value.slice(0, MAX_DEATHS).map((death: unknown) => {
    if (typeof death !== 'object' || death === null) return hiddenText('');
    const { reason, queue, exchange, count, 'routing-keys': keys } = death as Readonly<Record<string, unknown>>;
    return {
      reason: code(reason) ?? null,
      queue: shownId(queue),
      exchange: shownId(exchange),
      count: number(count) ?? null,
      'routing-keys': Array.isArray(keys) ? keys.slice(0, MAX_DEATHS).map(shownId) : [],
    };
  });
}
