/**
 * Control characters, line separators, invisible characters and those that change the writing
 * direction: they could make a terminal display something else.
 */
const DECEPTIVE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Cf}]/gu;
/** The same without line ends, tabs and the joiners that some scripts need. */
const DECEPTIVE_IN_LINES =
  /[^\P{Cc}\t\n\r]|[\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/** Returns the text on one line, safe to write to a terminal. */
export function escapeControls(text: string): string {
  return text.replaceAll(DECEPTIVE, escapeCodePoint);
}

/** Returns the text safe to write to a terminal; keeps its lines and tabs. */
export function escapeControlsInLines(text: string): string {
  return text.replaceAll(DECEPTIVE_IN_LINES, escapeCodePoint).replaceAll(/\r(?!\n)/g, escapeCodePoint);
}

/** Returns the value as JSON on one line, exact and safe to write to a terminal. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(DECEPTIVE, (character) =>
    // A character beyond the first plane needs two escapes.
    [...Array(character.length).keys()].map((at) => jsonEscape(character.charCodeAt(at))).join(''),
  );
}

function jsonEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

function escapeCodePoint(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
