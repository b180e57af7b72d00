import { XMLParser } from 'fast-xml-parser';
import type { XmlElement } from '../protocol/request.ts';
import { MAX_DEPTH } from './well-formedness.ts';
import { withoutDeclaration, withoutInstructions } from './processing-instructions.ts';
import { resolveReferences } from './references.ts';

// None of these is a valid name, so no name in a request equals one of them.
const ELEMENT = '<';
const ATTRIBUTE = '@';
const ATTRIBUTES = ':@';
const TEXT = '#text';
const CDATA = '#cdata';

const nothing = (): void => undefined;

/**
 * Resolves nothing; otherwise fast-xml-parser builds a decoder with all its entities per document.
 */
const NO_ENTITIES = {
  decode: identity,
  reset: nothing,
  setXmlVersion: nothing,
  setExternalEntities: nothing,
  addInputEntities: nothing,
};

/**
 * fast-xml-parser as a reader of tags only: it keeps order, white space and digits, and resolves
 * nothing. The prefix before names disables its special handling of `__proto__`, `constructor`,
 * `toString` and similar. It calls transformTagName twice for an empty-element tag, so the prefix
 * is added only once.
 */
const reader = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE,
  transformTagName: (name) => (name.startsWith(ELEMENT) ? name : keyFor(name)),
  textNodeName: TEXT,
  cdataPropName: CDATA,
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  entityDecoder: NO_ENTITIES,
  tagValueProcessor: () => undefined,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH,
  jPath: false,
});

/**
 * A node of fast-xml-parser: one key with its content, and `:@` with its attributes if it has any.
 */
type Node = Readonly<Record<string, unknown>>;

/**
 * Builds the tree of a well-formed document (line ends LF, no byte order mark). Throws only if
 * fast-xml-parser and the well-formedness check disagree, which is a defect of the codec.
 */
export function buildTree(text: string, hasInstructions: boolean): XmlElement {
  const isSubstituted = NAME_SPACES.test(text);
  const input = isSubstituted ? text.replace(ALL_NAME_SPACES, substitute) : text;
  // fast-xml-parser reads quotes in an instruction as those of a value, and can read past its end.
  const nodes = read(hasInstructions ? withoutInstructions(input) : withoutDeclaration(input));
  const root = nodes.find((node) => isElement(keyOf(node)));
  if (root === undefined) throw new Error('the tree of a well-formed document has no root element');
  return elementOf(keyOf(root), root, isSubstituted ? restoreOriginal : identity);
}

function read(text: string): readonly Node[] {
  try {
    return reader.parse(text) as readonly Node[];
  } catch {
    // Its messages quote the document.
    throw new Error('fast-xml-parser rejected a well-formed document');
  }
}

function elementOf(key: string, node: Node, restore: (text: string) => string): XmlElement {
  const children: XmlElement[] = [];
  let text = '';
  for (const child of node[key] as readonly Node[]) {
    const childKey = keyOf(child);
    if (isElement(childKey)) children.push(elementOf(childKey, child, restore));
    else if (childKey === CDATA) text += cdataOf(child);
    else text += resolveReferences(String(child[TEXT]));
  }
  const name = restore(key.slice(ELEMENT.length));
  return { name, attributes: attributesOf(node, restore), children, text: restore(text) };
}

function attributesOf(node: Node, restore: (text: string) => string): XmlElement['attributes'] {
  const attributes = node[ATTRIBUTES] as Readonly<Record<string, string>> | undefined;
  if (attributes === undefined) return NONE;
  return Object.entries(attributes).map(([name, value]) => [
    restore(name.slice(ATTRIBUTE.length)),
    restore(resolveReferences(value.replace(/[\t\n]/g, ' '))),
  ]);
}

const NONE: XmlElement['attributes'] = [];

function keyOf(node: Node): string {
  for (const key in node) if (key !== ATTRIBUTES) return key;
  return '';
}

function isElement(key: string): boolean {
  return key.startsWith(ELEMENT);
}

function cdataOf(node: Node): string {
  const [content] = node[CDATA] as readonly Readonly<Record<string, string>>[];
  return content?.[TEXT] ?? '';
}

// XML allows two characters in names that JavaScript's \s matches, where fast-xml-parser splits a
// tag. U+FFFE and U+FFFF replace them meanwhile: XML forbids both, so no well-formed document
// contains them.
const NAME_SPACES = /[\u1680\uFEFF]/;
const ALL_NAME_SPACES = /[\u1680\uFEFF]/g;

function substitute(character: string): string {
  return character === '\u1680' ? '\uFFFE' : '\uFFFF';
}

function restoreOriginal(text: string): string {
  return text.replace(/[\uFFFE\uFFFF]/g, (character) => (character === '\uFFFE' ? '\u1680' : '\uFEFF'));
}

function identity(text: string): string {
  return text;
}

const MAX_KEYS = 256;
/**
 * The longest name of the API. V8 stores a longer substring as a slice, which would retain its
 * document.
 */
const MAX_INTERNED_LENGTH = 12;
const keys = new Map<string, string>();

/** Interns prefixed names; allocating them per request is expensive. */
function keyFor(name: string): string {
  if (name.length > MAX_INTERNED_LENGTH) return ELEMENT + name;
  const known = keys.get(name);
  if (known !== undefined) return known;
  if (keys.size >= MAX_KEYS) keys.clear();
  const key = ELEMENT + name;
  keys.set(name, key);
  return key;
}
