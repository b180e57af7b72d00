import { XMLParser } from 'fast-xml-parser';
import type { XmlElement } from '../protocol/request.ts';
import { MAX_DEPTH } from './gate.ts';
import { withoutDeclaration, withoutInstructions } from './instructions.ts';
import { resolveReferences } from './references.ts';

// None of these can be the name of an element or attribute, so that no name from outside can be taken for one of them.
const ELEMENT = '<';
const ATTRIBUTE = '@';
const ATTRIBUTES = ':@';
const TEXT = '#text';
const CDATA = '#cdata';

const nothing = (): void => undefined;

/** Resolves nothing; fast-xml-parser would make a decoder with all its entities for each document. */
const NO_ENTITIES = {
  decode: asItIs,
  reset: nothing,
  setXmlVersion: nothing,
  setExternalEntities: nothing,
  addInputEntities: nothing,
};

/**
 * fast-xml-parser as a reader of tags only: it keeps order, white space and digits as they are and resolves nothing.
 * The prefix before names keeps its own handling of `__proto__`, `constructor`, `toString` and the like away. It calls
 * transformTagName twice on a self-closing tag, so the prefix is added only where it is not there yet.
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

/** How fast-xml-parser hands over a node: one key with what it is, and `:@` with its attributes where it has any. */
type Node = Readonly<Record<string, unknown>>;

/**
 * Builds the tree of a document that has passed the gate (line ends LF, no byte order mark).
 * Throws only where fast-xml-parser and the gate disagree, which is a defect of this module.
 */
export function buildTree(text: string, hasInstructions: boolean): XmlElement {
  const escaped = NAME_SPACES.test(text);
  const input = escaped ? text.replace(NAME_SPACES_ALL, standIn) : text;
  // fast-xml-parser takes quotes in an instruction for those of a value, and can read far past the instruction's end
  const nodes = read(hasInstructions ? withoutInstructions(input) : withoutDeclaration(input));
  const root = nodes.find((node) => isElement(keyOf(node)));
  if (root === undefined) throw new Error('the tree has no root element, though the gate let the document pass');
  return elementOf(keyOf(root), root, escaped ? original : asItIs);
}

function read(text: string): readonly Node[] {
  try {
    return reader.parse(text) as readonly Node[];
  } catch {
    // its messages quote the document
    throw new Error('fast-xml-parser refused a document that the gate let pass');
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

// Two characters that XML allows in names are white space to JavaScript's \s, where fast-xml-parser splits a tag.
// U+FFFE and U+FFFF stand for them meanwhile: XML forbids both, so that neither can be in a document that has passed.
const NAME_SPACES = /[\u1680\uFEFF]/;
const NAME_SPACES_ALL = /[\u1680\uFEFF]/g;

function standIn(character: string): string {
  return character === '\u1680' ? '\uFFFE' : '\uFFFF';
}

function original(text: string): string {
  return text.replace(/[\uFFFE\uFFFF]/g, (character) => (character === '\uFFFE' ? '\u1680' : '\uFEFF'));
}

function asItIs(text: string): string {
  return text;
}

const MAX_KEYS = 256;
/** As long as any name of the interface. V8 keeps a longer part of a text as a slice, which would keep its document. */
const MAX_KEPT_LENGTH = 12;
const keys = new Map<string, string>();

/** A name with its prefix, kept, as most requests have the same few: to make a key of a new string each time is dear. */
function keyFor(name: string): string {
  if (name.length > MAX_KEPT_LENGTH) return ELEMENT + name;
  const known = keys.get(name);
  if (known !== undefined) return known;
  if (keys.size >= MAX_KEYS) keys.clear();
  const made = ELEMENT + name;
  keys.set(name, made);
  return made;
}
