// In a well-formed document, none of the three delimiters occurs outside the construct that it
// opens.
const PARTS = /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>/g;
const WELL_SEPARATED = /^<\?[^ \t\n?]+(?:[ \t\n]|\?>$)/;

/** Removes processing instructions, comments and XML declaration from a well-formed document. */
export function withoutInstructions(text: string): string {
  return text.replace(PARTS, (part) => (part.startsWith('<![') ? part : ''));
}

/** Removes the XML declaration from a well-formed document without processing instructions. */
export function withoutDeclaration(text: string): string {
  return text.startsWith('<?xml') ? text.slice(text.indexOf('?>') + 2) : text;
}

/**
 * The index of the first processing instruction whose target neither white space nor `?>` follows.
 */
export function unseparatedTarget(text: string): number | undefined {
  for (const { 0: part, index } of text.matchAll(PARTS)) {
    if (part.startsWith('<?') && !WELL_SEPARATED.test(part)) return index;
  }
  return undefined;
}
