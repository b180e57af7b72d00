// XML 1.0 (fifth edition), production [2]. With the u flag a lone surrogate is a code point of its
// own, so it matches.
const FORBIDDEN = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** Whether every character of the text may stand in an XML 1.0 document (production `Char`). */
export function isLegalText(text: string): boolean {
  return !FORBIDDEN.test(text);
}

const NOT_WHITE_SPACE = /[^ \t\r\n]/;

/**
 * Whether the text is empty or only what XML 1.0 calls white space (space, tab, CR, LF). Other
 * Unicode spaces are text.
 */
export function isBlank(text: string): boolean {
  return !NOT_WHITE_SPACE.test(text);
}

/** The text without XML white space at its ends. Takes linear time. */
export function trimmed(text: string): string {
  const start = text.search(NOT_WHITE_SPACE);
  if (start === -1) return '';
  let end = text.length;
  while (isBlank(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

// White space that is none to XML, controls, and what shows nothing: format characters (joiners and
// bidirectional controls among them), fillers, selectors, and the Braille pattern without dots.
const ODD = /[^\P{Z} ]|[^\P{Cc}\t\n\r]|[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;

const NAMES: ReadonlyMap<string, string> = new Map([
  ['\u00AD', 'soft hyphen'],
  ['\u200B', 'zero width space'],
  ['\u200C', 'zero width non-joiner'],
  ['\u200D', 'zero width joiner'],
  ['\u200E', 'left-to-right mark'],
  ['\u200F', 'right-to-left mark'],
  ['\u2060', 'word joiner'],
  ['\uFEFF', 'byte order mark'],
]);

/**
 * The first character that looks like white space or like nothing and is not white space to XML, in
 * words: `a no-break space (U+00A0)`, `an invisible character (U+200B, zero width space)`.
 * `undefined` where there is none. Takes linear time.
 */
export function oddCharacterIn(text: string): string | undefined {
  const character = ODD.exec(text)?.[0];
  return character === undefined ? undefined : inWords(character);
}

function inWords(character: string): string {
  const code = codeOf(character);
  if (character === '\0') return `a NUL (${code})`;
  if (character === '\u00A0') return `a no-break space (${code})`;
  if (/\p{Cc}/u.test(character)) return `a control character (${code})`;
  if (/\p{Z}/u.test(character)) return `white space that XML does not know (${code})`;
  const name = NAMES.get(character);
  return `an invisible character (${name === undefined ? code : `${code}, ${name}`})`;
}

/** The text with each odd character written as its number, `[U+200B]`, so that it can be seen. */
export function withOddOnesShown(text: string): string {
  return ODD.test(text) ? text.replace(ALL_ODD, (character) => `[${codeOf(character)}]`) : text;
}

const ALL_ODD = new RegExp(ODD, 'gu');

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
