import { SaxesParser } from 'saxes';
import { isBlank, oddCharacterIn } from '../protocol/characters.ts';
import { bareAmpersand, isSurrogateReference } from './references.ts';
import { CURLY_QUOTES, misplacedCurlyQuote } from './curly-quotes.ts';
import { unseparatedTarget } from './processing-instructions.ts';
import { invisibleCharacterInTag } from './invisible-characters.ts';
import { malformedAt } from './fault-error.ts';
import type { FaultError } from './fault-error.ts';
import type { ExceededLimit } from './content-limits.ts';

/** Elements open at a time. */
export const MAX_DEPTH = 64;
/** Attributes of one element. */
const MAX_ATTRIBUTES = 32;
/** Elements in one request. */
const MAX_ELEMENTS = 10_000;

const BARE_AMPERSAND = "'&' that does not begin a reference; write &amp;";

/** saxes' message for a character that XML, or an attribute value, forbids. */
const FORBIDDEN = 'disallowed character.';

const SURROGATE_REFERENCE =
  'a character reference to half of a surrogate pair; write one reference to the one character, such as &#x1F600;';

// The start of each saxes message (the rest may quote the document), and the message for the
// sender.
const PROBLEMS: readonly (readonly [saxes: string, message: string])[] = [
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

/** A well-formed document's properties that the tree builder needs. */
export interface WellFormed {
  /** It has processing instructions, the XML declaration aside. */
  readonly hasInstructions: boolean;
}

/** What the check reads, in document order. */
export interface DocumentEvents {
  opened(name: string): void;
  /** An attribute of the element opened last; the value is normalized. */
  attribute(name: string, value: string): void;
  /** Character data with its references resolved, or a CDATA section; in several parts. */
  text(text: string): void;
  closed(): void;
}

/**
 * Accepts only well-formed XML 1.0 without DOCTYPE and within the limits; line ends must be LF
 * already. Throws `FaultError` (MALFORMED_XML) for the first error. Reports what it reads to `events`.
 * Stops at `exceeded`, where there is one.
 *
 * It ignores namespaces: the API has none, XML 1.0 does not define them, and resolving prefixes
 * takes time quadratic in the depth.
 */
export function checkWellFormed(
  text: string,
  maxElements = MAX_ELEMENTS,
  events?: DocumentEvents,
  exceeded?: ExceededLimit,
): WellFormed {
  if (events !== undefined) return new Check(events).run(text, maxElements, exceeded);
  const check = idle ?? new Check();
  // One that throws is not used again, so no state outlives an error.
  idle = undefined;
  const found = check.run(text, maxElements, exceeded);
  idle = check;
  return found;
}

/** A new parser for each document was 7 % of all that a get allocates. */
let idle: Check | undefined;

/** Reads one document after another, until one has an error. */
class Check {
  readonly #parser = new SaxesParser({ xmlns: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  #text = '';
  #maxElements = MAX_ELEMENTS;
  #depth = 0;
  #elements = 0;
  #attributes = 0;
  #hasInstructions = false;

  constructor(events?: DocumentEvents) {
    const parser = this.#parser;
    parser.on('opentagstart', ({ name }) => {
      this.#attributes = 0;
      if (++this.#depth > MAX_DEPTH) this.#reject(`elements nested deeper than ${MAX_DEPTH}`);
      if (++this.#elements > this.#maxElements) this.#reject(`more than ${this.#maxElements} elements`);
      events?.opened(name);
    });
    parser.on('attribute', ({ name, value }) => {
      if (++this.#attributes > MAX_ATTRIBUTES) this.#reject(`more than ${MAX_ATTRIBUTES} attributes on one element`);
      events?.attribute(name, value);
    });
    parser.on('closetag', () => {
      this.#depth--;
      events?.closed();
    });
    parser.on('xmldecl', ({ version }) => {
      if (version !== '1.0') this.#reject('only XML 1.0 is read');
    });
    parser.on('doctype', () => this.#reject('a DOCTYPE; documents with one are not read'));
    parser.on('processinginstruction', () => {
      this.#hasInstructions = true;
    });
    parser.on('error', (error) => {
      throw faultFor(this.#text, parser.position, error.message, this.#depth === 0 && this.#elements > 0);
    });
    if (events !== undefined) onText(parser, (content) => events.text(content));
  }

  run(text: string, maxElements: number, exceeded: ExceededLimit | undefined): WellFormed {
    this.#text = text;
    this.#maxElements = maxElements;
    this.#elements = 0;
    this.#hasInstructions = false;
    if (exceeded !== undefined) {
      this.#parser.write(text.slice(0, exceeded.index));
      throw malformedAt(text, exceeded.index, exceeded.problem);
    }
    this.#parser.write(text).close();
    this.#text = '';
    const hasInstructions = this.#hasInstructions;
    // saxes accepts <?a?b?> as an instruction.
    const unseparated = hasInstructions ? unseparatedTarget(text) : undefined;
    if (unseparated !== undefined) {
      throw malformedAt(text, unseparated, 'a processing instruction whose target is not followed by white space');
    }
    return { hasInstructions };
  }

  #reject(problem: string): never {
    throw malformedAt(this.#text, this.#parser.position - 1, problem);
  }
}

/**
 * Sets the handlers of text and CDATA sections, after all calls of `on`, by their names in saxes.
 * `on` computes the name of what it sets: at the eighth handler V8 would turn the parser into a
 * hash table, and parsing would take 6× the time.
 */
function onText(parser: SaxesParser, handler: (content: string) => void): void {
  const handlers = parser as unknown as { textHandler: typeof handler; cdataHandler: typeof handler };
  handlers.textHandler = handler;
  handlers.cdataHandler = handler;
}

function faultFor(text: string, position: number, message: string, afterRoot: boolean): FaultError {
  const saxes = message.replace(/^\d+:\d+: /, '');
  const index = indexOfError(text, position, saxes);
  if (index === text.length || saxes.includes('entity')) {
    // saxes searches for the ';' of a reference up to the end, so it would report another place and
    // reason.
    const ampersand = bareAmpersand(text);
    if (ampersand !== undefined && ampersand <= index) return malformedAt(text, ampersand, BARE_AMPERSAND);
  }
  const curly = misplacedCurlyQuote(text, index);
  if (curly !== undefined) return malformedAt(text, curly, CURLY_QUOTES);
  const inTag = afterRoot || saxes === FORBIDDEN ? undefined : invisibleCharacterInTag(text, index);
  if (inTag !== undefined) return malformedAt(text, inTag.index, inTag.problem);
  const trailing = afterRoot ? trailingProblem(saxes, text.charAt(index)) : undefined;
  return malformedAt(text, index, trailing ?? messageFor(saxes, text, index));
}

/** `position` is where saxes would read next. It reports some problems only at their end. */
function indexOfError(text: string, position: number, saxes: string): number {
  if (saxes.startsWith('unclosed tag') || saxes.startsWith('unexpected end')) return text.length;
  if (saxes.includes('entity')) return text.lastIndexOf('&', position - 1);
  if (saxes.startsWith('text data outside')) {
    const start = text.lastIndexOf('>', position - 2) + 1;
    return start + Math.max(0, text.slice(start).search(/[^ \t\n]/));
  }
  return position - 1;
}

/** Describes what follows the root element, if it is not allowed there and is recognised. */
function trailingProblem(saxes: string, character: string): string | undefined {
  if (saxes.startsWith('an XML declaration must')) return 'a second document; one message holds one';
  if (saxes !== FORBIDDEN && !saxes.startsWith('text data outside')) return undefined;
  if (/["'\u201C\u201D]/.test(character))
    return 'a quote follows the document: was the XML serialized as a JSON string?';
  if (character === '\uFEFF') return 'a byte order mark (U+FEFF) follows the document';
  const odd = oddCharacterIn(character);
  return odd === undefined ? undefined : `${odd} follows the document`;
}

/** Describes a document without any element. */
function missingRootProblem(text: string): string {
  if (isBlank(text)) return 'the body is empty';
  if (text.startsWith('<?xml') && !text.includes('?>')) return 'an XML declaration that does not end with ?>';
  if (text.lastIndexOf('<') > text.lastIndexOf('>')) return 'the document ends within a tag';
  return 'the document has no root element';
}

function messageFor(saxes: string, text: string, index: number): string {
  const character = text.charAt(index);
  if (saxes === FORBIDDEN) {
    if (character === '\0') return 'a NUL (U+0000), a character that XML 1.0 forbids';
    return character === '<' ? "'<' inside an attribute value; write &lt;" : 'a character that XML 1.0 forbids';
  }
  if (saxes.startsWith('document must contain a root')) return missingRootProblem(text);
  if (character === '\\') return 'a backslash in markup: was the XML escaped, as for a JSON string?';
  if (saxes.startsWith('malformed character entity') && isSurrogateReference(text, index)) return SURROGATE_REFERENCE;
  const known = PROBLEMS.find(([start]) => saxes.startsWith(start));
  return known?.[1] ?? 'the XML declaration is not well-formed';
}
