import type { Buffer } from 'node:buffer';

import { BSON } from 'mongodb';

import type { StoredContact } from './stored-contact.ts';

/** A document of a list, and the index of the query that found it. */
export type ListedDocument = StoredContact & { readonly page: unknown };

type Field = keyof ListedDocument;

/** In the order in which most documents have them. */
const FIELDS: readonly Field[] = [
  '_id',
  'client_id',
  'first_name',
  'last_name',
  'email',
  'phone',
  'mobile_phone',
  'page',
];
/** BSON ends a name with a zero byte. */
const NAMES = FIELDS.map((field) => ({ field, ended: `${field}\0` }));

/** The BSON types of what the worker stores. */
const DOUBLE = 0x01;
const STRING = 0x02;
const INT32 = 0x10;
const INT64 = 0x12;

/** Stands for bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';
/** Stands for a text with such bytes: not missing, as a missing phone is an empty one. */
const UNDECODABLE = Symbol('not UTF-8');

/**
 * Reads a document of a list. BSON's general reader takes several times as long, so it reads only
 * the documents with something that the worker does not store. A text that is not UTF-8 is
 * returned as a value that is no text. Throws if the document is not BSON.
 */
export function readListed(bytes: Buffer, readAny: (bytes: Buffer) => object = readGenerally): ListedDocument {
  return readUsual(bytes) ?? (readAny(bytes) as ListedDocument);
}

function readGenerally(bytes: Buffer): object {
  try {
    return BSON.deserialize(bytes);
  } catch {
    return withoutUndecodable(bytes);
  }
}

/**
 * One value that cannot be decoded (a text that is not UTF-8, an expression that JavaScript does not
 * have) is a defect of its document, not of all that were read with it.
 */
function withoutUndecodable(bytes: Buffer): object {
  const document = BSON.deserialize(bytes, { validation: { utf8: false }, bsonRegExp: true });
  const fields = Object.entries(document).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' && value.includes(REPLACEMENT) ? UNDECODABLE : value,
  ]);
  return Object.fromEntries(fields) as object;
}

/** Returns `undefined` for a document that only the general reader can judge. */
function readUsual(bytes: Buffer): ListedDocument | undefined {
  const document: Record<Field, unknown> = emptyDocument();
  // One character for each byte: names are compared in it, and ASCII texts are slices of it.
  const latin1 = bytes.toString('latin1');
  const end = bytes.length - 1;
  let at = 4;
  for (let expected = 0; at < end; expected += 1) {
    const name = nameAt(latin1, at + 1, expected);
    if (name === undefined) return undefined;
    const from = at + 1 + name.ended.length;
    const to = from + sizeAt(bytes, from, bytes[at]);
    if (!(to <= end)) return undefined;
    const value = bytes[at] === STRING ? textIn(bytes, latin1, from + 4, to - 1) : numberIn(bytes, from, bytes[at]);
    if (value === undefined) return undefined;
    document[name.field] = value;
    at = to;
  }
  return at === end ? document : undefined;
}

/** One shape for all documents: they are read faster. */
function emptyDocument(): Record<Field, unknown> {
  return {
    _id: undefined,
    client_id: undefined,
    first_name: undefined,
    last_name: undefined,
    email: undefined,
    phone: undefined,
    mobile_phone: undefined,
    page: undefined,
  };
}

/** The name at this place. Most documents have the `expected`-th there. */
function nameAt(latin1: string, at: number, expected: number): (typeof NAMES)[number] | undefined {
  const usual = NAMES[expected];
  return usual !== undefined && latin1.startsWith(usual.ended, at)
    ? usual
    : NAMES.find(({ ended }) => latin1.startsWith(ended, at));
}

/** The bytes of a value; NaN for a type that the worker does not store. */
function sizeAt(bytes: Buffer, at: number, type: number | undefined): number {
  if (type === INT32) return 4;
  if (type === INT64 || type === DOUBLE) return 8;
  if (type !== STRING || at + 4 > bytes.length) return NaN;
  const length = bytes.readInt32LE(at);
  return length >= 1 ? 4 + length : NaN;
}

function numberIn(bytes: Buffer, at: number, type: number | undefined): number | undefined {
  if (type === INT32) return bytes.readInt32LE(at);
  const number =
    type === DOUBLE ? bytes.readDoubleLE(at) : bytes.readInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
  // Beyond, the general reader returns an integer as an object.
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Returns `undefined` where a text may not be UTF-8. */
function textIn(bytes: Buffer, latin1: string, from: number, to: number): string | undefined {
  for (let at = from; at < to; at += 1) {
    if (latin1.charCodeAt(at) < 0x80) continue;
    const text = bytes.toString('utf8', from, to);
    return text.includes(REPLACEMENT) ? undefined : text;
  }
  return latin1.slice(from, to);
}
