/** Said where a word processor has put its own quotes around a value. */
export const CURLY_QUOTES = 'curly quotes where straight ones (") belong; a word processor may have put them there';

const CURLY = /[\u00AB\u00BB\u2018-\u201F\u2032\u2033\u2039\u203A\uFF02\uFF07]/;

/** Whether the character looks like a quote and is not one to XML. */
export function isCurlyQuote(character: string): boolean {
  return CURLY.test(character);
}

/**
 * Where a curly quote is the reason why the markup before `index` (the place where the parser gave up) cannot be read:
 * it opens a value, or it was meant to close one that a straight quote opened. `undefined` where it is not.
 */
export function misplacedCurlyQuote(text: string, index: number): number | undefined {
  const start = text.lastIndexOf('<', index - 1);
  if (start < 0) return undefined;
  const markup = text.slice(start, index + 1);
  const opening = /=[ \t\n]*$/.exec(markup.slice(0, -1));
  if (opening !== null && isCurlyQuote(markup.slice(-1))) return index;
  const unclosed = openingOfUnclosed(markup.slice(0, -1));
  const closing = unclosed === undefined ? -1 : markup.slice(unclosed, -1).search(CURLY);
  return unclosed === undefined || closing < 0 ? undefined : start + unclosed + closing;
}

/**
 * The index of the quote that opens a value and has no other of its kind behind it. A pattern for it would need a place
 * on the stack for each character that it passes: megabytes of them overflow it.
 */
function openingOfUnclosed(markup: string): number | undefined {
  const last = ['"', "'"].map((quote) => markup.lastIndexOf(quote)).filter((index) => opensValue(markup, index));
  return last.length === 0 ? undefined : Math.min(...last);
}

function opensValue(markup: string, quote: number): boolean {
  let before = quote - 1;
  while (/[ \t\n]/.test(markup.charAt(before))) before -= 1;
  return markup.charAt(before) === '=';
}
