// In a well-formed document none of the three openings occurs outside what it opens, so that this finds each exactly.
const PARTS = /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>/g;
const WELL_BEGUN = /^<\?[^ \t\n?]+(?:[ \t\n]|\?>$)/;

/** The text without processing instructions, comments and XML declaration. The gate has let it pass. */
export function withoutInstructions(text: string): string {
  return text.replace(PARTS, (part) => (part.startsWith('<![') ? part : ''));
}

/** The text without its XML declaration, where it has no processing instructions. The gate has let it pass. */
export function withoutDeclaration(text: string): string {
  return text.startsWith('<?xml') ? text.slice(text.indexOf('?>') + 2) : text;
}

/** The index of the first processing instruction whose target is followed by neither white space nor `?>`. */
export function unseparatedTarget(text: string): number | undefined {
  for (const { 0: part, index } of text.matchAll(PARTS)) {
    if (part.startsWith('<?') && !WELL_BEGUN.test(part)) return index;
  }
  return undefined;
}
