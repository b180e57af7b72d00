import { ParseOption, XmlDocument, XmlElement as ReferenceElement, XmlXPath } from 'libxml2-wasm';
import type { XmlAttribute, XmlNode } from 'libxml2-wasm';
import type { XmlElement } from '../../../src/protocol/request.ts';

const OPTIONS = ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NOERROR;

// Walking from sibling to sibling ends at a processing instruction, which the wrapper has no class for.
const CHILDREN = XmlXPath.compile('* | text()');

// The wrapper loses a U+FEFF at the start of the longer strings that it hands over; libxml2 itself still counts it.
const TEXT_LENGTH = XmlXPath.compile('string-length(string())');
const NAME_LENGTH = XmlXPath.compile('string-length(name())');

/** What libxml2 makes of a document, in the codec's own shape; `undefined` where it refuses it. */
export function referenceTree(bytes: Uint8Array): XmlElement | undefined {
  let document: XmlDocument;
  try {
    document = XmlDocument.fromBuffer(bytes, { option: OPTIONS });
  } catch {
    return undefined;
  }
  try {
    return elementOf(document.root);
  } finally {
    document.dispose();
  }
}

function elementOf(element: ReferenceElement): XmlElement {
  const children: XmlElement[] = [];
  let text = '';
  for (const node of element.find(CHILDREN)) {
    if (node instanceof ReferenceElement) children.push(elementOf(node));
    else text += textOf(node);
  }
  const attributes = element.attrs.map((attribute) => [nameOf(attribute), textOf(attribute)] as const);
  return { name: nameOf(element), attributes, children, text };
}

function nameOf(node: ReferenceElement | XmlAttribute): string {
  const name = node.prefix === '' ? node.name : `${node.prefix}:${node.name}`;
  return withLostMark(name, node.eval(NAME_LENGTH));
}

function textOf(node: XmlNode): string {
  return withLostMark(node.content, node.eval(TEXT_LENGTH));
}

function withLostMark(text: string, length: unknown): string {
  const lost = Number(length) - Array.from(text).length;
  if (lost !== 0 && lost !== 1) throw new Error('the oracle contradicts itself');
  return '\uFEFF'.repeat(lost) + text;
}
