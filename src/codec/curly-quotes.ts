/** The message if a word processor replaced the quotes around a value. */
export const CURLY_QUOTES = 'curly quotes where straight ones (") belong; a word processor may have put them there';

const CURLY = /[\u00AB\u00BB\u2018-\u201F\u2032\u2033\u2039\u203A\uFF02\uFF07]/;

/** Whether the character looks like a quote but is not one in XML. */
export function isCurlyQuote(character: string): boolean {
  return CURLY.test(character);
}

/**
 * The index of the curly quote that makes the markup before `index` (where the parser stopped)
 * malformed: it opens a value, or should close one that a straight quote opened. Otherwise
 * `undefined`.
 */
export function misplacedCurlyQuote(text: string, index: number): number | undefined {
  const start = text.lastIndexOf('<', index - 1);
  if (start < 0) return undefined;
  const markup = text.slice(start, index + 1);
  const opening = /=[ \t\n]*$/.exec(markup.slice(0, -1));
  if (opening !== null && isCurlyQuote(markup.slice(-1))) return index;
  const unclosed = unclosedQuoteIn(markup.slice(0, -1));
  const closing = unclosed === undefined ? -1 : markup.slice(unclosed, -1).search(CURLY);
  return unclosed === undefined || closing < 0 ? undefined : start + unclosed + closing;
}

/**
 * The index of the quote that opens a value and is never closed. It uses no regular expression: one
 * would need a stack entry per character and overflow the stack on megabytes.
 */
function unclosedQuoteIn(markup: string): number | undefined {
  const last = ['"', "'"].map((quote) => markup.lastIndexOf(quote)).filter((index) => opensValue(markup, index));
  return last.length === 0 ? undefined : Math.min(...last);
}

function opensValue(markup: string, quote: number): boolean {
  let before = quote - 1;
  while (/[ \t\n]/.test(markup.charAt(before))) before -= 1;
  return markup.charAt(before) === '=';
}
