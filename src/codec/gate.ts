import { SaxesParser } from 'saxes';
import { isBlank, oddCharacterIn } from '../protocol/characters.ts';
import { bareAmpersand, halfOfPair } from './references.ts';
import { CURLY_QUOTES, misplacedCurlyQuote } from './curly-quotes.ts';
import { unseparatedTarget } from './instructions.ts';
import { oddSpaceInTag } from './odd-space.ts';
import { malformedAt } from './fault-error.ts';
import type { FaultError } from './fault-error.ts';

/** Elements that may be open at a time. */
export const MAX_DEPTH = 64;
/** Attributes that one element may have. */
const MAX_ATTRIBUTES = 32;
/** Elements in one request. */
const MAX_ELEMENTS = 10_000;

const BARE_AMPERSAND = "'&' that does not begin a reference; write &amp;";

/** What saxes says of a character that XML forbids, or that an attribute value cannot have. */
const FORBIDDEN = 'disallowed character.';

const HALF_OF_PAIR =
  'a character reference to half of a surrogate pair; write one reference to the one character, such as &#x1F600;';

// What saxes says, by its beginning (the rest may name parts of the document), and what the sender is told.
const PROBLEMS: readonly (readonly [saxes: string, told: string])[] = [
  ['documents may contain only one root', 'more than one root element'],
  ['text data outside of root node', 'text outside the root element'],
  ['unclosed tag', 'the document ends before every element is closed'],
  ['unexpected end', 'the document ends too early'],
  ['unexpected close tag', 'an end tag that does not match the open element'],
  ['unmatched closing tag', 'an end tag without a start tag'],
  ['weird empty close tag', 'an end tag without a name'],
  ['disallowed character in closing tag', 'a character that does not belong in an end tag'],
  [
    'disallowed character in tag name',
    "'<' that does not begin a tag, or a tag name that is not a name; write &lt; for '<'",
  ],
  ['disallowed character in attribute name', 'a character that cannot be part of an attribute'],
  ['disallowed character in entity name', BARE_AMPERSAND],
  ['empty entity name', BARE_AMPERSAND],
  ['undefined entity', 'an entity that XML does not define; it has only lt, gt, amp, apos and quot'],
  ['malformed character entity', 'a character reference to no character that XML 1.0 allows'],
  ['disallowed character in processing instruction name', 'a processing instruction whose target is not a name'],
  ['processing instruction without a target', 'a processing instruction without a target'],
  ['an XML declaration must be at the start', 'an XML declaration that is not at the very start of the document'],
  ['the XML declaration must appear at the start', 'an XML declaration that is not at the very start of the document'],
  ['version number must match', 'the version in the XML declaration is not 1.0'],
  ['encoding value must match', 'the encoding in the XML declaration is not a name'],
  ['standalone value must match', 'standalone in the XML declaration is neither yes nor no'],
  ['duplicate attribute', 'an attribute that the element has already'],
  ['attribute without value', 'an attribute without a value'],
  ['unquoted attribute value', 'an attribute value without quotes'],
  ['no whitespace between attributes', 'no white space between two attributes'],
  ['forward-slash in opening tag', "'/' in a tag that is not followed by '>'"],
  ['malformed comment', "'--' inside a comment"],
  ['the string "]]>" is disallowed', "']]>' in text; write ]]&gt;"],
  ['inappropriately located doctype', 'a DOCTYPE; documents with one are not read'],
  ['incorrect syntax', "'<!' that begins neither a comment nor a CDATA section"],
];

/** What the gate saw that the reader behind it must know. */
export interface Passed {
  /** Processing instructions other than the XML declaration. */
  readonly hasInstructions: boolean;
}

/**
 * Lets only well-formed XML 1.0 without DOCTYPE and within the limits pass; line ends must be LF already.
 * Throws `FaultError` (MALFORMED_XML) at the first thing that is wrong.
 *
 * Namespaces are not looked at: the interface has none, XML 1.0 does not know them, and resolving prefixes costs time
 * quadratic in the depth. A parser is made for each document (0.2 µs), so no state outlives a failure.
 */
export function checkWellFormed(text: string, maxElements = MAX_ELEMENTS): Passed {
  const parser = new SaxesParser({ xmlns: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  const refuse = (problem: string): never => {
    throw malformedAt(text, parser.position - 1, problem);
  };
  let depth = 0;
  let elements = 0;
  let attributes = 0;
  let hasInstructions = false;
  parser.on('opentagstart', () => {
    attributes = 0;
    if (++depth > MAX_DEPTH) refuse(`elements nested deeper than ${MAX_DEPTH}`);
    if (++elements > maxElements) refuse(`more than ${maxElements} elements`);
  });
  parser.on('attribute', () => {
    if (++attributes > MAX_ATTRIBUTES) refuse(`more than ${MAX_ATTRIBUTES} attributes on one element`);
  });
  parser.on('closetag', () => {
    depth--;
  });
  parser.on('xmldecl', ({ version }) => {
    if (version !== '1.0') refuse('only XML 1.0 is read');
  });
  parser.on('doctype', () => refuse('a DOCTYPE; documents with one are not read'));
  parser.on('processinginstruction', () => {
    hasInstructions = true;
  });
  parser.on('error', (error) => {
    throw explained(text, parser.position, error.message, depth === 0 && elements > 0);
  });
  parser.write(text).close();
  // saxes takes <?a?b?> for an instruction
  const unseparated = hasInstructions ? unseparatedTarget(text) : undefined;
  if (unseparated !== undefined) {
    throw malformedAt(text, unseparated, 'a processing instruction whose target is not followed by white space');
  }
  return { hasInstructions };
}

function explained(text: string, position: number, message: string, afterRoot: boolean): FaultError {
  const saxes = message.replace(/^\d+:\d+: /, '');
  const index = placeOf(text, position, saxes);
  if (index === text.length || saxes.includes('entity')) {
    // saxes looks for the ';' of a reference as far as the end, so it would tell another place and reason
    const ampersand = bareAmpersand(text);
    if (ampersand !== undefined && ampersand <= index) return malformedAt(text, ampersand, BARE_AMPERSAND);
  }
  const curly = misplacedCurlyQuote(text, index);
  if (curly !== undefined) return malformedAt(text, curly, CURLY_QUOTES);
  const inTag = afterRoot || saxes === FORBIDDEN ? undefined : oddSpaceInTag(text, index);
  if (inTag !== undefined) return malformedAt(text, inTag.index, inTag.problem);
  const behind = afterRoot ? following(saxes, text.charAt(index)) : undefined;
  return malformedAt(text, index, behind ?? told(saxes, text, index));
}

/** `position` is where saxes would read next; it tells some problems only at the end of what is wrong. */
function placeOf(text: string, position: number, saxes: string): number {
  if (saxes.startsWith('unclosed tag') || saxes.startsWith('unexpected end')) return text.length;
  if (saxes.includes('entity')) return text.lastIndexOf('&', position - 1);
  if (saxes.startsWith('text data outside')) {
    const start = text.lastIndexOf('>', position - 2) + 1;
    return start + Math.max(0, text.slice(start).search(/[^ \t\n]/));
  }
  return position - 1;
}

/** What stands behind the root element, where it is none of what XML has there and can be told. */
function following(saxes: string, character: string): string | undefined {
  if (saxes.startsWith('an XML declaration must')) return 'a second document; one message holds one';
  if (saxes !== FORBIDDEN && !saxes.startsWith('text data outside')) return undefined;
  if (/["'\u201C\u201D]/.test(character))
    return 'a quote follows the document: was the XML serialized as a JSON string?';
  if (character === '\uFEFF') return 'a byte order mark (U+FEFF) follows the document';
  const odd = oddCharacterIn(character);
  return odd === undefined ? undefined : `${odd} follows the document`;
}

/** What a document is that has no element at all. */
function withoutRoot(text: string): string {
  if (isBlank(text)) return 'the body is empty';
  if (text.startsWith('<?xml') && !text.includes('?>')) return 'an XML declaration that does not end with ?>';
  if (text.lastIndexOf('<') > text.lastIndexOf('>')) return 'the document ends within a tag';
  return 'the document has no root element';
}

function told(saxes: string, text: string, index: number): string {
  const character = text.charAt(index);
  if (saxes === FORBIDDEN) {
    if (character === '\0') return 'a NUL (U+0000), a character that XML 1.0 forbids';
    return character === '<' ? "'<' inside an attribute value; write &lt;" : 'a character that XML 1.0 forbids';
  }
  if (saxes.startsWith('document must contain a root')) return withoutRoot(text);
  if (character === '\\') return 'a backslash in markup: was the XML escaped, as for a JSON string?';
  if (saxes.startsWith('malformed character entity') && halfOfPair(text, index)) return HALF_OF_PAIR;
  const known = PROBLEMS.find(([start]) => saxes.startsWith(start));
  return known?.[1] ?? 'the XML declaration is not well-formed';
}
