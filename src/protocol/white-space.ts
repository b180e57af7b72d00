const NOT_WHITE_SPACE = /[^ \t\r\n]/;

/** Whether the text is empty or only what XML 1.0 calls white space (space, tab, CR, LF). Other Unicode spaces are text. */
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
