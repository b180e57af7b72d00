import { ParseOption, XmlDocument, XmlElement as ReferenceElement, XmlXPath } from 'libxml2-wasm';
import type { XmlAttribute, XmlNode } from 'libxml2-wasm';
import type { XmlElement } from '../../../src/protocol/request.ts';

const OPTIONS = ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NOERROR;

// Iterating over siblings stops at a processing instruction, for which the wrapper has no class.
const CHILDREN = XmlXPath.compile('* | text()');

// The wrapper drops a U+FEFF at the start of longer strings; libxml2 itself still counts it.
const TEXT_LENGTH = XmlXPath.compile('string-length(string())');
const NAME_LENGTH = XmlXPath.compile('string-length(name())');

/** Parses a document with libxml2 into the codec's types; `undefined` if libxml2 rejects it. */
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
  return restoreLostMark(name, node.eval(NAME_LENGTH));
}

function textOf(node: XmlNode): string {
  return restoreLostMark(node.content, node.eval(TEXT_LENGTH));
}

function restoreLostMark(text: string, length: unknown): string {
  const lost = Number(length) - Array.from(text).length;
  if (lost !== 0 && lost !== 1) throw new Error('the reference parser contradicts itself');
  return '\uFEFF'.repeat(lost) + text;
}
