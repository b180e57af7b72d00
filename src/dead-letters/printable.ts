/**
 * Control characters, line separators, and what turns the direction of writing or cannot be seen: they could make a
 * terminal show something else. In bodies lines, tabs and the joiners of scripts that need them stay.
 */
const DECEPTIVE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Cf}]/gu;
const DECEPTIVE_BUT_LINES =
  /[^\P{Cc}\t\n\r]|[\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/** The text on one line, as it may be written to a terminal. */
export function printable(text: string): string {
  return text.replaceAll(DECEPTIVE, escaped);
}

/** The text as it may be written to a terminal, its lines and tabs kept. */
export function printableLines(text: string): string {
  return text.replaceAll(DECEPTIVE_BUT_LINES, escaped).replaceAll(/\r(?!\n)/g, escaped);
}

/** JSON on one line that means the value exactly, and that may be written to a terminal. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(DECEPTIVE, (character) =>
    // A character beyond the first plane is two escapes.
    [...Array(character.length).keys()].map((at) => jsonEscape(character.charCodeAt(at))).join(''),
  );
}

function jsonEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
