/**
 * A document to be written: elements with attributes, and in them texts and elements in any order.
 */
export interface Node {
  readonly name: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly content: readonly (Node | string)[];
}

export function node(name: string, content: Node['content'] = [], attributes: Node['attributes'] = []): Node {
  return { name, attributes, content };
}

/** A number from 0 up to, but not including, `below`. */
type Dice = (below: number) => number;

/** Ways to write the same document that no reader may tell apart. */
export const ENCODINGS = ['utf8', 'utf8-bom', 'utf16'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/**
 * Writes a document in one of its many spellings, which `seed` chooses: references, CDATA,
 * comments, processing instructions, both quotes, white space between elements, empty elements in
 * both forms.
 */
export function rendered(root: Node, seed: number, encoding: Encoding = 'utf8'): Buffer {
  const dice = diceOf(seed);
  const text = `${prolog(dice, encoding)}${element(root, dice)}${dice(3) === 0 ? '\n<!-- end -->\n' : ''}`;
  if (encoding === 'utf16') return Buffer.from(`\uFEFF${text}`, 'utf16le');
  return Buffer.from(encoding === 'utf8-bom' ? `\uFEFF${text}` : text, 'utf8');
}

function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function prolog(dice: Dice, encoding: Encoding): string {
  if (dice(2) === 0) return '';
  return `<?xml version="1.0" encoding="${encoding === 'utf16' ? 'UTF-16' : 'UTF-8'}"?>\n`;
}

function element({ name, attributes, content }: Node, dice: Dice): string {
  const start = `<${name}${attributes.map((one) => attribute(one, dice)).join('')}`;
  if (content.length === 0 && dice(2) === 0) return `${start}${dice(3) === 0 ? ' ' : ''}/>`;
  const hasElements = content.some((part) => typeof part !== 'string');
  const gap = (): string => (hasElements ? between(dice) : '');
  const inner = content.map((part) => gap() + (typeof part === 'string' ? textOf(part, dice) : element(part, dice)));
  return `${start}>${inner.join('')}${gap()}</${name}${dice(9) === 0 ? '\n' : ''}>`;
}

const BETWEEN = ['', '', '\n  ', '\r\n\t', '<!-- a & b -->', '<?a b?>', '&#32;', '&#xD;', '<![CDATA[ ]]>'];

function between(dice: Dice): string {
  return BETWEEN[dice(BETWEEN.length)] ?? '';
}

const SPACES = [' ', '  ', '\n'];

function attribute([name, value]: readonly [string, string], dice: Dice): string {
  const quote = dice(2) === 0 ? '"' : "'";
  const escaped = [...value].map((character) => {
    if ('&<\t\n\r'.includes(character) || character === quote || dice(12) === 0) return reference(character, dice);
    return character;
  });
  return `${SPACES[dice(SPACES.length)]}${name}${dice(6) === 0 ? ' = ' : '='}${quote}${escaped.join('')}${quote}`;
}

function textOf(text: string, dice: Dice): string {
  // Long texts are written plainly.
  if (text.length > 2000) return escapedText(text);
  let xml = '';
  let rest = [...text];
  while (rest.length > 0) {
    const part = rest.slice(0, 1 + dice(24));
    rest = rest.slice(part.length);
    xml += run(part, dice);
    if (dice(10) === 0) xml += dice(2) === 0 ? '<!-- - -->' : '<?x?>';
  }
  return xml;
}

function run(part: readonly string[], dice: Dice): string {
  const form = dice(6);
  // A CR in CDATA is a line end, so that the text would be another one; a split end would close the
  // section.
  if (form === 0 && !part.some((character) => ']>\r'.includes(character))) return `<![CDATA[${part.join('')}]]>`;
  if (form === 1) return part.map((character) => reference(character, dice)).join('');
  return escapedText(part.join(''));
}

function escapedText(text: string): string {
  return text.replace(/[&<>\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function reference(character: string, dice: Dice): string {
  const named = NAMED[character];
  if (named !== undefined && dice(2) === 0) return named;
  const code = character.codePointAt(0) ?? 0;
  return dice(2) === 0 ? `&#${code};` : `&#x${'0'.repeat(dice(3))}${code.toString(16)};`;
}
