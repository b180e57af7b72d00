import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';

const TRICKY_CHARACTERS = [
  ...Array.from('<>&"\'[]-?!/=;# \t\n\r'),
  'é',
  '\u0085',
  '\u00A0',
  '\u1680',
  '\u2028',
  '\uFEFF',
  '\u{10FFFF}',
];

const TRICKY_TEXTS = [
  '&amp;',
  '&amp;lt;',
  'AT&T;',
  ']]>',
  ']]',
  '\r\n',
  '\r\r\n',
  '&#13;',
  '<![CDATA[',
  '<!--',
  '-->',
  '<?a b?>',
  '&#',
  '007',
];

const UNUSUAL_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'text',
  'a-b.c',
];

/** Any character that XML 1.0 allows, special ones more often. */
const legalCharacter: Arbitrary<string> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...TRICKY_CHARACTERS) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter(isLegal) },
);

// The standard's production, repeated here so that the code under test does not judge itself.
function isLegal(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
}

/** Any text of legal characters. */
export const legalText: Arbitrary<string> = fc
  .array(fc.oneof({ weight: 4, arbitrary: legalCharacter }, fc.constantFrom(...TRICKY_TEXTS)), { maxLength: 12 })
  .map((parts) => parts.join(''));

/**
 * Any text with at least one character that XML 1.0 forbids: a control, lone surrogate, U+FFFE or
 * U+FFFF.
 */
export const illegalText: Arbitrary<string> = fc
  .tuple(
    legalText,
    fc.oneof(
      fc.integer({ min: 0, max: 0x1f }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
      fc.constantFrom(0xfffe, 0xffff),
    ),
    fc.constantFrom('', 'x'),
  )
  .filter(([, code]) => code !== 0x09 && code !== 0x0a && code !== 0x0d)
  .map(([before, code, after]) => `x${before}x${String.fromCharCode(code)}${after}`);

const nameStart = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...Array.from('abcXYZ_')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('é', '\u1680', '\uFEFF', '\u3001', '\uFFFD', '\u200C', '\u{10000}', '\u{EFFFF}'),
  },
);
const nameRest = fc.oneof(
  { weight: 3, arbitrary: nameStart },
  fc.constantFrom(...Array.from('-.09'), '\u00B7', '\u0300', '\u2040'),
);
const anyName = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...UNUSUAL_NAMES) },
  {
    weight: 2,
    arbitrary: fc.tuple(nameStart, fc.array(nameRest, { maxLength: 4 })).map(([first, rest]) => first + rest.join('')),
  },
);
/** Without colons (libxml2 would see prefixes), and not starting with xml (reserved). */
const name = anyName.filter((text) => !text.toLowerCase().startsWith('xml'));

const space = fc.constantFrom(' ', '\n', '\t', '\r\n', '\r', '  \n\t ');
const optionalSpace = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, space);

type Notation = 'literal' | 'decimal' | 'hex' | 'long hex';
const notation: Arbitrary<Notation> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Notation>('literal') },
  fc.constantFrom<Notation>('decimal', 'hex', 'long hex'),
);

/** Character data in all notations; `delimiters` never appear literally. */
function characterData(delimiters: string): Arbitrary<string> {
  return fc
    .array(fc.tuple(legalCharacter, notation), { maxLength: 10 })
    .map((parts) => parts.map(([c, how]) => written(c, how, delimiters)).join(''));
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['&', '&amp;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
]);

function written(character: string, how: Notation, delimiters: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (how === 'decimal') return `&#${code};`;
  if (how === 'hex') return `&#x${code.toString(16)};`;
  if (how === 'long hex') return `&#x${code.toString(16).toUpperCase().padStart(40, '0')};`;
  return delimiters.includes(character) ? (ENTITIES.get(character) ?? character) : character;
}

const attributeValue = fc.oneof(
  characterData('<&"').map((value) => `"${value}"`),
  characterData("<&'").map((value) => `'${value}'`),
);
const attribute = fc.tuple(space, name, optionalSpace, optionalSpace, attributeValue);
const attributes = fc
  .uniqueArray(attribute, { maxLength: 3, selector: ([, attributeName]) => attributeName })
  .map((list) =>
    list
      .map(([before, attributeName, left, right, value]) => `${before}${attributeName}${left}=${right}${value}`)
      .join(''),
  );

const comment = legalText.map((text) => `<!--${text.replace(/-(?=-|$)/g, '- ')}-->`);
const cdata = legalText.map((text) => `<![CDATA[${text.replaceAll(']]>', ']] >')}]]>`);
const instruction = fc
  .tuple(name, space, fc.oneof(legalText, fc.constantFrom("it's", '"', 'version="1.1"', '<a b=">', '?')))
  .map(([target, between, text]) => `<?${target}${between}${text.replaceAll('?>', '? >')} ?>`);

const content = fc.letrec<{ element: string; node: string }>((tie) => ({
  node: fc.oneof({ maxDepth: 4 }, characterData('<&>'), cdata, comment, instruction, tie('element'), tie('element')),
  element: fc
    .tuple(name, attributes, optionalSpace, optionalSpace, fc.array(tie('node'), { maxLength: 5 }))
    .map(([tag, list, left, right, nodes]) =>
      nodes.length === 0 && right === ''
        ? `<${tag}${list}${left}/>`
        : `<${tag}${list}${left}>${nodes.join('')}</${tag}${right}>`,
    ),
}));

const miscellany = fc.array(fc.oneof(comment, instruction, space), { maxLength: 3 }).map((parts) => parts.join(''));
const declaration = fc.constantFrom(
  '',
  '<?xml version="1.0"?>',
  "<?xml\tversion = '1.0'\r\nstandalone='yes' ?>",
  '<?xml version="1.0" encoding="ENCODING"?>',
);

/**
 * Well-formed documents without DOCTYPE: all markup, unusual names, all of Unicode. The declaration
 * says `ENCODING`.
 */
const documentText = fc.tuple(declaration, miscellany, content.element, miscellany).map((parts) => parts.join(''));

/** The same documents as bytes, in UTF-8 or UTF-16; UTF-8 also without byte order mark. */
export const documentBytes: Arbitrary<Buffer> = fc
  .tuple(documentText, fc.constantFrom('UTF-8', 'UTF-8 marked', 'UTF-16LE', 'UTF-16BE'))
  .map(([text, encoding]) => {
    const declared = text.replace('ENCODING', encoding.startsWith('UTF-8') ? 'utf-8' : 'UTF-16');
    if (encoding === 'UTF-8') return Buffer.from(declared);
    if (encoding === 'UTF-8 marked') return Buffer.from(`\uFEFF${declared}`);
    const bytes = Buffer.from(`\uFEFF${declared}`, 'utf16le');
    return encoding === 'UTF-16LE' ? bytes : bytes.swap16();
  });
/** The number of runs of a property: `defaultRuns`, or FUZZ_RUNS if set. */
export function runs(defaultRuns: number): number {
  const asked = Number(process.env['FUZZ_RUNS'] ?? '');
  return Number.isInteger(asked) && asked > 0 ? asked : defaultRuns;
}
