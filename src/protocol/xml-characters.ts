// XML 1.0 (fifth edition), production [2]. With the u flag a lone surrogate is a code point of its own, so it matches.
const FORBIDDEN = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** Whether every character of the text may stand in an XML 1.0 document (production `Char`). */
export function isLegalText(text: string): boolean {
  return !FORBIDDEN.test(text);
}
