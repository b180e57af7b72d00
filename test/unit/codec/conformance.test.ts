import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../src/codec/document.ts';
import { suiteCases } from './conformance-suite.ts';
import { referenceTree } from './reference-parser.ts';

// Well-formed documents that are refused for another reason than their DOCTYPE.
const REFUSED_ON_PURPOSE: ReadonlyMap<string, string> = new Map([
  ['rmt-e2e-50', 'declares version 1.1 (and has a DOCTYPE): only documents that say 1.0, or nothing, are read'],
  ['x-rmt-008b', 'declares version 1.1 (and has a DOCTYPE): the fifth edition lets a parser read it as 1.0; not done'],
]);

const cases = suiteCases();
const malformed = cases.filter((test) => !test.wellFormed);
const wellFormed = cases.filter((test) => test.wellFormed);

describe('the W3C conformance suite', () => {
  it('is there in full', () => {
    expect(malformed).toHaveLength(993);
    expect(malformed.filter((test) => !test.hasDoctype)).toHaveLength(228);
    expect(wellFormed).toHaveLength(934);
  });

  it('has no malformed document that is accepted', () => {
    const accepted = malformed.filter((test) => parseDocument(test.bytes).ok);
    expect(accepted.map((test) => test.id)).toEqual([]);
  });

  it('has no well-formed document that is refused, but for a DOCTYPE or with a written reason', () => {
    const refused = wellFormed.filter((test) => {
      const parsed = parseDocument(test.bytes);
      return !parsed.ok && !(test.hasDoctype && parsed.fault.message.includes('a DOCTYPE'));
    });
    expect(refused.map((test) => test.id).toSorted()).toEqual([...REFUSED_ON_PURPOSE.keys()].toSorted());
  });

  it('reads as the oracle reads it, wherever it is accepted', () => {
    const trees = wellFormed.flatMap((test) => {
      const parsed = parseDocument(test.bytes);
      return parsed.ok ? [{ id: test.id, bytes: test.bytes, root: parsed.root }] : [];
    });
    expect(trees).toHaveLength(60);
    for (const { id, bytes, root } of trees) expect(root, id).toEqual(referenceTree(bytes));
  });
});
