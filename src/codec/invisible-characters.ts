import { oddCharacterIn } from '../protocol/characters.ts';

/**
 * Letters of XML names that look like white space or are invisible. A parser accepts them in names.
 */
const INVISIBLE_LETTER = /[\u1680\uFEFF]/;
const VALUES = /"[^"]*"|'[^']*'/g;

/**
 * The white-space-like or invisible character that makes a tag malformed: the one at `index`, where
 * the parser stopped, or an earlier one that it read as a letter. Otherwise `undefined`.
 */
export function invisibleCharacterInTag(
  text: string,
  index: number,
): { readonly index: number; readonly problem: string } | undefined {
  const start = text.lastIndexOf('<', index - 1);
  if (start < 0) return undefined;
  const markup = text.slice(start, index).replace(VALUES, (value) => ' '.repeat(value.length));
  if (markup.includes('>')) return undefined;
  const before = markup.search(INVISIBLE_LETTER);
  const place = before < 0 ? index : start + before;
  const odd = oddCharacterIn(String.fromCodePoint(text.codePointAt(place) ?? 0x20));
  if (odd === undefined) return undefined;
  return { index: place, problem: `${odd} in a tag; only space, tab and line ends belong between its parts` };
}
