const NAMED: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
]);

/**
 * Replaces each reference in a well-formed document's text by its character, once: `&amp;lt;` gives
 * `&lt;`.
 */
export function resolveReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-z]+));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(parseInt(decimal, 10));
      return NAMED.get(name ?? '') ?? whole;
    },
  );
}

// D800 to DFFF, with any number of leading zeros.
const SURROGATE = /&#(?:x0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*(5[5-7][0-9]{3}));/y;

/** Whether a reference to half of a UTF-16 surrogate pair starts at the index. */
export function isSurrogateReference(text: string, index: number): boolean {
  SURROGATE.lastIndex = index;
  const match = SURROGATE.exec(text);
  if (match === null) return false;
  const decimal = Number(match[1] ?? 0xd800);
  return decimal >= 0xd800 && decimal <= 0xdfff;
}

// Skips comments, CDATA sections and processing instructions; the group is an ampersand outside
// them. An unclosed one extends to the end of the text: retrying after each delimiter would take
// quadratic time.
const AMPERSAND =
  /<!--[^]*?(?:-->|$)|<!\[CDATA\[[^]*?(?:\]\]>|$)|<\?[^]*?(?:\?>|$)|(&)(?!#[0-9]+;|#x[0-9a-fA-F]+;|[^\s&;<>"'#=/]+;)/g;

/** The index of the first `&` that begins no reference. The document may be malformed. */
export function bareAmpersand(text: string): number | undefined {
  for (const match of text.matchAll(AMPERSAND)) {
    if (match[1] !== undefined) return match.index;
  }
  return undefined;
}
