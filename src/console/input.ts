import type { Context } from 'hono';

import type { LetterFilter } from './letters/filter.ts';
import { ConsoleError } from './problem.ts';

const MAX_IDS = 1_000;
const MAX_TEXT = 255;

/** The body of a request: one JSON object. @throws {ConsoleError} */
export async function jsonBody(context: Context): Promise<Readonly<Record<string, unknown>>> {
  if (!/^application\/json\b/i.test(context.req.header('content-type') ?? '')) {
    throw new ConsoleError(400, 'NOT_JSON', 'Send application/json.');
  }
  let body: unknown;
  try {
    body = await context.req.json();
  } catch {
    throw new ConsoleError(400, 'NOT_JSON', 'The body is not JSON.');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ConsoleError(400, 'NOT_JSON', 'The body is not a JSON object.');
  }
  return body as Record<string, unknown>;
}

/** A text of at most `most` characters; `undefined` where it is absent. */
export function text(value: unknown, name: string, most = MAX_TEXT): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && value.length <= most) return value;
  throw new ConsoleError(400, 'BAD_VALUE', `${name} is a text of at most ${most} characters.`);
}

export function flag(value: unknown, name: string): boolean {
  if (value === undefined || value === false) return false;
  if (value === true) return true;
  throw new ConsoleError(400, 'BAD_VALUE', `${name} is true or false.`);
}

/** A whole number of a URL. */
export function count(value: string | undefined, otherwise: number, most: number): number {
  if (value === undefined) return otherwise;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
  if (number <= most) return number;
  throw new ConsoleError(400, 'BAD_VALUE', `A whole number of at most ${most} is expected.`);
}

/** The filters that a list and a preview share. */
export function filtersIn(body: Readonly<Record<string, unknown>>): Pick<LetterFilter, 'reason' | 'group' | 'search'> {
  return {
    reason: text(body['reason'], 'reason'),
    group: text(body['group'], 'group'),
    search: text(body['search'], 'search'),
  };
}

const FILTERS = ['reason', 'group', 'search', 'contents'];
const PREVIEW_FIELDS = new Set(['action', 'ids', 'all', 'force', ...FILTERS]);

/**
 * The letters that a preview selects: `ids`, or `all` with the filters. A field that is forgotten,
 * misspelt or empty never selects everything.
 */
export function selection(body: Readonly<Record<string, unknown>>): LetterFilter {
  const { ids, all } = body;
  checkFields(body);
  const filter = { ...filtersIn(body), contents: flag(body['contents'], 'contents') };
  if (flag(all, 'all')) {
    if (ids !== undefined) throw new ConsoleError(400, 'BAD_VALUE', 'Give ids or all, not both.');
    return filter;
  }
  const isList = Array.isArray(ids) && ids.length > 0 && ids.length <= MAX_IDS;
  if (!isList || !ids.every((id) => typeof id === 'string')) {
    throw new ConsoleError(400, 'BAD_VALUE', `ids lists 1 to ${MAX_IDS} letters; or all is true.`);
  }
  return { ids: new Set(ids) };
}

function checkFields(body: Readonly<Record<string, unknown>>): void {
  const problem = (message: string): ConsoleError => new ConsoleError(400, 'BAD_VALUE', message);
  for (const [name, value] of Object.entries(body)) {
    if (!PREVIEW_FIELDS.has(name)) throw problem(`A preview has the fields ${[...PREVIEW_FIELDS].join(', ')} alone.`);
    if (!FILTERS.includes(name)) continue;
    if (value === '') throw problem(`${name} is empty: leave it out.`);
    if (body['ids'] !== undefined) throw problem(`Give ids or ${name}, not both.`);
  }
}
