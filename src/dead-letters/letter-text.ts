import type { DeadLetter } from '../protocol/dead-letter.ts';

/**
 * Whether the text is in the letter's body, properties or headers. Ignores case and Unicode's
 * normal forms, and reads the body as its sender may have written it: in UTF-8, UTF-16 or a Western
 * 8-bit encoding, with character references and CDATA sections.
 */
export function containsText(letter: DeadLetter, wanted: string): boolean {
  const { body, properties, headers } = letter;
  if (bodyContainsText(body, wanted)) return true;
  return isIn([...valueTexts(Object.values(properties)), ...valueTexts(headers)], wanted);
}

/** As `containsText`, for the body alone. */
export function bodyContainsText(body: Uint8Array, wanted: string): boolean {
  return isIn(bodyTexts(body), wanted);
}

function isIn(texts: Iterable<string>, wanted: string): boolean {
  const needle = comparable(wanted);
  for (const text of texts) if (comparable(text).includes(needle)) return true;
  return false;
}

function* bodyTexts(body: Uint8Array): Generator<string> {
  const text = decoded(body);
  yield text;
  const plain = text.replaceAll(/<!\[CDATA\[|\]\]>/g, '');
  yield plain;
  yield plain.replaceAll(REFERENCE, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    return code <= MAX_CODE_POINT ? String.fromCodePoint(code) : whole;
  });
}

/** Names and values at any depth. */
function valueTexts(value: unknown): string[] {
  if (Buffer.isBuffer(value)) return [decoded(value)];
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...valueTexts(inner)]);
}

const MAX_CODE_POINT = 0x10ffff;
const REFERENCE = /&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,10})|(amp|lt|gt|apos|quot));/g;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' };

function decoded(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function comparable(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
