/** Control characters and those that turn the direction of writing: they could make a terminal show something else. */
const DECEPTIVE = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;
const DECEPTIVE_BUT_LINES = /[^\P{Cc}\t\n\r]|[\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/** The text on one line, as it may be written to a terminal. */
export function printable(text: string): string {
  return text.replaceAll(DECEPTIVE, escaped);
}

/** The text as it may be written to a terminal, its lines and tabs kept. */
export function printableLines(text: string): string {
  return text.replaceAll(DECEPTIVE_BUT_LINES, escaped).replaceAll(/\r(?!\n)/g, escaped);
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
