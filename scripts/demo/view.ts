const colours = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

function paint(code: number, text: string): string {
  return colours ? `\u001b[${code}m${text}\u001b[0m` : text;
}

export const dim = (text: string): string => paint(2, text);
export const bold = (text: string): string => paint(1, text);
export const good = (text: string): string => paint(32, text);
export const bad = (text: string): string => paint(31, text);

/**
 * Indents a well-formed document without mixed content: one element or text-only element per line,
 * two blanks per level.
 */
export function indented(xml: string): string {
  const lines: string[] = [];
  let depth = 0;
  for (const token of xml.matchAll(/<\?[^]*?\?>|<(\w[\w.-]*)([^<>]*)>([^<>]*)<\/\1>|<\/?[^<>]+>/g)) {
    const text = token[0];
    if (text.startsWith('</')) depth -= 1;
    lines.push('  '.repeat(depth) + text);
    const opens = token[1] === undefined && /^<\w/.test(text) && !text.endsWith('/>');
    if (opens) depth += 1;
  }
  return lines.join('\n');
}

/** Colours the mark-up where the output is a terminal. */
export function coloured(xml: string): string {
  return xml.replace(/<[^<>]*>/g, (tag) =>
    tag.startsWith('<?')
      ? dim(tag)
      : paint(
          36,
          tag.replace(/"[^"]*"/g, (value) => paint(33, value) + open(36)),
        ),
  );
}

function open(code: number): string {
  return colours ? `\u001b[${code}m` : '';
}

/** Prints to standard output. */
export function show(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Prints one document under a title line. */
export function showDocument(title: string, xml: string): void {
  show(title);
  show(coloured(indented(xml)).replace(/^/gm, '    '));
}
