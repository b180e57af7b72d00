import type { Fields } from '../journal.ts';

/** The fields in the order in which histories hold them as numbers. */
const FIELD_NAMES = [
  'client_id',
  'first_name',
  'last_name',
  'email',
  'phone',
  'mobile_phone',
] as const satisfies readonly (keyof Fields)[];

/** One number for each of FIELD_NAMES; UNNAMED for a field that was not written or not shown. */
export type FieldNumbers = readonly number[];

export const UNNAMED = -1;

/** Maps each text to a number, so that a history holds every text once. */
export class Texts {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    // A copy: a substring keeps the whole text in memory.
    this.#numbers.set(Buffer.from(text, 'utf16le').toString('utf16le'), this.#numbers.size);
    return this.#numbers.size - 1;
  }

  /** Returns the numbers of these fields. */
  fields(named: Partial<Fields>): FieldNumbers {
    return FIELD_NAMES.map((name) => (named[name] === undefined ? UNNAMED : this.of(String(named[name]))));
  }
}

/** A contact as an answer shows it, without the client_id. */
export interface SeenContact {
  readonly contact: number;
  readonly fields: FieldNumbers;
}

/** The content of an answer. `unreadable`: it has none of the forms of an answer. */
export type Content =
  | { readonly kind: 'created'; readonly contact: number }
  | { readonly kind: 'contacts'; readonly contacts: readonly SeenContact[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly codes: readonly string[] }
  | { readonly kind: 'unreadable' };

const RESPONSE =
  /^<\?xml version="1.0" encoding="UTF-8"\?>\s*<response status="(ok|fail)"(?:\/>|>(.*)<\/response>)\s*$/s;
const CREATED = /^<contact_id>(\d+)<\/contact_id>$/;
const ERROR = /<error><code>([A-Z_]+)<\/code>(?:<field>[^<]*<\/field>)?<message>[^<]*<\/message><\/error>/gy;
const SEEN_NAMES = ['contact_id', ...FIELD_NAMES.filter((name) => name !== 'client_id')];
const CONTACT = new RegExp(
  `<contact>${SEEN_NAMES.map((name) => `(?:<${name}/>|<${name}>([^<]*)</${name}>)`).join('')}</contact>`,
  'gy',
);

/** Parses an answer as a caller would who knows the interface and nothing of the worker's code. */
export function contentOf(xml: string, texts: Texts): Content {
  const [, status, body = ''] = RESPONSE.exec(xml) ?? [];
  if (status === undefined) return { kind: 'unreadable' };
  if (status === 'fail') {
    const codes = matches(ERROR, body)?.map(([, code]) => code ?? '');
    return codes === undefined || codes.length === 0 ? { kind: 'unreadable' } : { kind: 'failed', codes };
  }
  if (body === '') return { kind: 'nothing' };
  const created = CREATED.exec(body);
  if (created !== null) return { kind: 'created', contact: Number(created[1]) };
  const contacts = matches(CONTACT, body)?.map(([, id, ...values]) => seen(Number(id), values, texts));
  return contacts === undefined ? { kind: 'unreadable' } : { kind: 'contacts', contacts };
}

/**
 * Returns the matches that make up the whole text; `undefined` where anything else is between them.
 */
function matches(pattern: RegExp, text: string): RegExpMatchArray[] | undefined {
  const found = [...text.matchAll(pattern)];
  const length = found.reduce((sum, [whole]) => sum + whole.length, 0);
  return length === text.length ? found : undefined;
}

function seen(contact: number, values: readonly (string | undefined)[], texts: Texts): SeenContact {
  return { contact, fields: [UNNAMED, ...values.map((value = '') => texts.of(resolved(value)))] };
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function resolved(text: string): string {
  return text.replace(
    /&(?:#x([0-9A-Fa-f]+)|#(\d+)|(\w+));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      return NAMED[name ?? ''] ?? whole;
    },
  );
}
