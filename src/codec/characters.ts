// XML 1.0 (fifth edition), production [2]. With the u flag a lone surrogate is a code point of its own, so it matches.
const FORBIDDEN = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const NOT_WHITE_SPACE = /[^ \t\r\n]/;

/** Whether every character of the text may stand in an XML 1.0 document (production `Char`). */
export function isLegalText(text: string): boolean {
  return !FORBIDDEN.test(text);
}

/** Whether the text is empty or XML white space only (production `S`: space, tab, CR, LF; no other Unicode space). */
export function isBlank(text: string): boolean {
  return !NOT_WHITE_SPACE.test(text);
}

/** The text without XML white space at both ends. */
export function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charAt(start))) start++;
  while (end > start && isBlank(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}
