/** The part of a page that a script writes, between two marks. */
interface MarkedPart {
  /** The page's path, for the message. */
  readonly page: string;
  /** What stands between the marks, for the message. */
  readonly what: string;
  readonly begin: string;
  readonly end: string;
}

/** Returns the page's text with `content` between the marks. Throws where they are missing. */
export function withMarkedPart(text: string, { page, what, begin, end }: MarkedPart, content: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${page} has lost the marks around its ${what}`);
  return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`;
}

/** A table that is not to be formatted: its columns would change their widths with every row. */
export function unformatted(table: string): string {
  return `<!-- prettier-ignore -->\n${table}`;
}
