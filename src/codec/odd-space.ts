import { oddCharacterIn } from '../protocol/characters.ts';

/** Letters of XML names that look like white space, or like nothing: a parser passes over them. */
const ODD_LETTER = /[\u1680\uFEFF]/;
const VALUES = /"[^"]*"|'[^']*'/g;

/**
 * The character in a tag that looks like white space or like nothing and is the reason why the tag cannot be read: the
 * one at `index`, where the parser gave up, or one before it that it took for a letter. `undefined` where it is not.
 */
export function oddSpaceInTag(
  text: string,
  index: number,
): { readonly index: number; readonly problem: string } | undefined {
  const start = text.lastIndexOf('<', index - 1);
  if (start < 0) return undefined;
  const markup = text.slice(start, index).replace(VALUES, (value) => ' '.repeat(value.length));
  if (markup.includes('>')) return undefined;
  const before = markup.search(ODD_LETTER);
  const place = before < 0 ? index : start + before;
  const odd = oddCharacterIn(String.fromCodePoint(text.codePointAt(place) ?? 0x20));
  if (odd === undefined) return undefined;
  return { index: place, problem: `${odd} in a tag; only space, tab and line ends belong between its parts` };
}
