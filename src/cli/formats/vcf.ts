import ICAL from 'ical.js';

import { isField, type Row, type RowReader } from './row.ts';
import { linesOf, UnreadableFileError } from './text.ts';
import { modernised } from './vcard21.ts';

/** Characters of one card; a picture may be among them. */
const MAX_CARD = 8 * 1_048_576;
const REASON_PROPERTY = 'X-REJECTED-BECAUSE';
const CLIENT_ID = 'x-client-id';
const CONTACT_ID = 'x-contact-id';
/** Texts that no vCard can hold, such as a lone CR: JSON in base64. */
const EXACT = 'x-contacts-exact';

/** Reads vCards of the versions 2.1, 3.0 and 4.0. */
export function vcfReader(text: AsyncIterable<string>): RowReader<string> {
  return {
    async *rows() {
      let number = 0;
      for await (const { card, at, isWhole } of cardsOf(text)) {
        number += 1;
        const read = isWhole ? readCard(card) : { fields: [], problem: 'has no END:VCARD' };
        yield { number, place: `line ${at}`, source: card, ...read };
      }
    },
    nothing: 'it has no card',
    head: () => '',
    tail: '',
    rejected: (card, reason) => {
      const lines = withoutReason(card.split('\n'));
      const end = lines.findLastIndex((line) => END.test(line));
      lines.splice(end === -1 ? lines.length : end, 0, `${REASON_PROPERTY}:${reason.replace(/[\r\n]+/g, ' ')}`);
      return `${lines.join('\r\n')}\r\n`;
    },
  };
}

/** Removes the property with the lines on which it goes on: they begin with a blank or a tab. */
function withoutReason(lines: readonly string[]): string[] {
  let isReason = false;
  return lines.filter((line) => {
    const goesOn = isReason && /^[ \t]/.test(line);
    isReason = goesOn || line.toUpperCase().startsWith(`${REASON_PROPERTY}:`);
    return !isReason;
  });
}

interface Card {
  readonly card: string;
  /** The line on which it begins. */
  readonly at: number;
  /** `false`: the file, or another card, comes before its end. */
  readonly isWhole: boolean;
}

async function* cardsOf(text: AsyncIterable<string>): AsyncGenerator<Card> {
  const open = new OpenCard();
  for await (const { line, at } of linesOf(text)) {
    if (open.isCutOffBy(line)) yield open.take(false);
    if (open.add(line, at)) yield open.take(true);
  }
  if (open.isBegun) yield open.take(false);
}

const BEGIN = /^BEGIN:VCARD\s*$/i;
const END = /^END:VCARD\s*$/i;
/** In version 2.1 another card is the value of such a property. */
const AGENT = /^(?:[\w-]+\.)?AGENT(?:;[^:]*)?:\s*$/i;

/** The card that is being read. */
class OpenCard {
  #lines: string[] = [];
  #start = 0;
  /** Cards of agents are in their card. */
  #depth = 0;
  #length = 0;

  get isBegun(): boolean {
    return this.#depth > 0;
  }

  /** Whether the line begins a card that is no part of this one. */
  isCutOffBy(line: string): boolean {
    return this.isBegun && BEGIN.test(line) && !AGENT.test(this.#lines.at(-1) ?? '');
  }

  /** Returns whether the card is whole now. @throws {UnreadableFileError} */
  add(line: string, at: number): boolean {
    if (BEGIN.test(line)) this.#depth += 1;
    if (!this.isBegun) {
      if (line.trim() === '') return false;
      throw new UnreadableFileError(`line ${at}: text outside a card`);
    }
    if (this.#lines.length === 0) this.#start = at;
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length > MAX_CARD) {
      throw new UnreadableFileError(`line ${this.#start}: a card of more than ${MAX_CARD} characters`);
    }
    if (END.test(line)) this.#depth -= 1;
    return !this.isBegun;
  }

  take(isWhole: boolean): Card {
    const card = this.#lines.join('\n');
    this.#lines = [];
    [this.#depth, this.#length] = [0, 0];
    return { card, at: this.#start, isWhole };
  }
}

type Property = ICAL.Property;

/** The fields of one card, or why it cannot be read. */
export function readCard(card: string): Pick<Row, 'fields' | 'problem'> {
  try {
    // The library decodes a value, and may throw, only when the value is read.
    return { fields: cardFields(new ICAL.Component(ICAL.parse(modernised(card)) as unknown[]).getAllProperties()) };
  } catch {
    return { fields: [], problem: 'is not a vCard that can be read' };
  }
}

function cardFields(properties: readonly Property[]): [string, string][] {
  const fields = new Map<string, string>();
  const set = (name: string, text: string | undefined): void => {
    if (text !== undefined && text !== '') fields.set(name, text);
  };
  const clientId = properties.find(({ name }) => name === CLIENT_ID);
  if (clientId !== undefined) set('client_id', textOf(clientId));
  const { first, last } = namesOf(properties);
  set('first_name', first);
  set('last_name', last);
  set('email', preferred(properties.filter(({ name }) => name === 'email')));
  const phones = properties.filter(({ name }) => name === 'tel');
  const mobile = (property: Property): boolean =>
    typesOf(property).some((type) => /^(?:cell|mobile|iphone)$/.test(type));
  const noPhone = (property: Property): boolean => typesOf(property).some((type) => /^(?:fax|pager|modem)$/.test(type));
  set('phone', preferred(phones.filter((one) => !mobile(one) && !noPhone(one))));
  set('mobile_phone', preferred(phones.filter(mobile)));
  for (const [name, text] of exactFields(properties)) fields.set(name, text);
  return [...fields];
}

/**
 * Family and given name of N; of a card without one the words of FN, whose last word is the
 * family name.
 */
function namesOf(properties: readonly Property[]): { readonly first: string; readonly last: string } {
  const name = properties.find((property) => property.name === 'n');
  const [last = '', given = '', additional = ''] = name === undefined ? [] : partsOf(name.getFirstValue());
  if (last !== '' || given !== '') return { first: [given, additional].filter((part) => part !== '').join(' '), last };
  const full = properties.find((property) => property.name === 'fn');
  const words = full === undefined ? '' : textOf(full).trim();
  const space = words.lastIndexOf(' ');
  return space === -1
    ? { first: '', last: words }
    : { first: words.slice(0, space).trim(), last: words.slice(space + 1) };
}

/** Each part of a name may be a list. */
function partsOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [String(value)];
  return value.map((part) => (Array.isArray(part) ? part.join(' ') : String(part)));
}

function preferred(properties: readonly Property[]): string | undefined {
  const first = properties.find((one) => typesOf(one).includes('pref') || one.getParameter('pref') !== undefined);
  const chosen = first ?? properties[0];
  return chosen === undefined ? undefined : textOf(chosen).replace(/^(?:tel|mailto):/i, '');
}

function textOf(property: Property): string {
  return String(property.getFirstValue());
}

function typesOf(property: Property): string[] {
  const types = property.getParameter('type') as string | string[] | undefined;
  return [types ?? []].flat().flatMap((type) => type.toLowerCase().split(','));
}

function exactFields(properties: readonly Property[]): [string, string][] {
  const exact = properties.find(({ name }) => name === EXACT);
  if (exact === undefined) return [];
  try {
    const texts = JSON.parse(Buffer.from(textOf(exact), 'base64').toString('utf8')) as Record<string, unknown>;
    return Object.entries(texts).filter(
      (entry): entry is [string, string] => isField(entry[0]) && typeof entry[1] === 'string',
    );
  } catch {
    return [];
  }
}

/**
 * Writes a card of version 3.0, which address books read best. What the format cannot hold goes
 * beside it.
 */
export function cardText(fields: Readonly<Record<string, string | number>>): string {
  const contact = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
  const card = written(contact, {});
  const read = new Map(readCard(card).fields);
  const lost = Object.entries(contact).filter(
    ([name, text]) => name !== 'contact_id' && text !== '' && read.get(name) !== text,
  );
  return lost.length === 0 ? card : written(contact, Object.fromEntries(lost));
}

function written(contact: Readonly<Record<string, string>>, exact: Readonly<Record<string, string>>): string {
  const text = (name: string): string => {
    const value = contact[name] ?? '';
    return Object.hasOwn(exact, name) ? value.replace(/\p{Cc}/gu, ' ') : value;
  };
  const lines = ['BEGIN:VCARD', 'VERSION:3.0'];
  const add = (name: string, parameters: Readonly<Record<string, string>>, value: string | readonly string[]): void => {
    // The library escapes only values of the type text, and writes the type where it is not the
    // usual one.
    const type = name === 'n' || name === 'fn' || name === 'email' ? 'text' : 'unknown';
    const property = [name, parameters, type, value] as const;
    lines.push(ICAL.stringify.property([...property], ICAL.design.vcard3, false));
  };
  add('n', {}, [text('last_name'), text('first_name'), '', '', '']);
  add('fn', {}, `${text('first_name')} ${text('last_name')}`);
  add('email', { type: 'INTERNET' }, text('email'));
  if (text('phone') !== '') lines.push(phoneLine('VOICE', text('phone')));
  if (text('mobile_phone') !== '') lines.push(phoneLine('CELL', text('mobile_phone')));
  for (const [name, property] of [
    ['client_id', CLIENT_ID],
    ['contact_id', CONTACT_ID],
  ] as const) {
    if (contact[name] !== undefined) add(property, {}, contact[name]);
  }
  if (Object.keys(exact).length > 0) add(EXACT, {}, Buffer.from(JSON.stringify(exact)).toString('base64'));
  return [...lines, 'END:VCARD', ''].join('\r\n');
}

/** The library does not escape a phone number, and unescapes it when it reads one. */
function phoneLine(type: string, phone: string): string {
  const escaped = phone.replace(/[\\,;]/g, '\\$&').replace(/\n/g, '\\n');
  return ICAL.stringify.property(['tel', { type }, 'phone-number', escaped], ICAL.design.vcard3, false);
}
