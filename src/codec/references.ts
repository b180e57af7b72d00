const NAMED: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
]);

/** Replaces each reference by its character, once: `&amp;lt;` gives `&lt;`. The text comes from a well-formed document. */
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

// D800 to DFFF, with any number of zeros before.
const HALF = /&#(?:x0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*(5[5-7][0-9]{3}));/y;

/** Whether a reference to half of a UTF-16 surrogate pair stands at the index. */
export function halfOfPair(text: string, index: number): boolean {
  HALF.lastIndex = index;
  const match = HALF.exec(text);
  if (match === null) return false;
  const decimal = Number(match[1] ?? 0xd800);
  return decimal >= 0xd800 && decimal <= 0xdfff;
}

// Comments, CDATA sections and processing instructions are stepped over; the group is an ampersand outside them.
// One that never ends is taken to the end of the text: to try again behind each opening would take quadratic time.
const AMPERSAND =
  /<!--[^]*?(?:-->|$)|<!\[CDATA\[[^]*?(?:\]\]>|$)|<\?[^]*?(?:\?>|$)|(&)(?!#[0-9]+;|#x[0-9a-fA-F]+;|[^\s&;<>"'#=/]+;)/g;

/** The index of the first `&` that begins no reference, in a document that may be malformed. */
export function bareAmpersand(text: string): number | undefined {
  for (const match of text.matchAll(AMPERSAND)) {
    if (match[1] !== undefined) return match.index;
  }
  return undefined;
}
