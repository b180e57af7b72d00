import { describe, expect, it } from 'vitest';
import { parseAnswer } from '../../../src/codec/answer-document.ts';
import { parseDocument } from '../../../src/codec/document.ts';
import { suiteCases } from './conformance-suite.ts';
import { referenceTree } from './reference-parser.ts';

// Well-formed documents that are rejected, but not because of their DOCTYPE.
const REJECTED_BY_DESIGN: ReadonlyMap<string, string> = new Map([
  ['rmt-e2e-50', 'declares version 1.1 (and has a DOCTYPE): the codec reads version 1.0 only'],
  [
    'x-rmt-008b',
    'declares version 1.1 (and has a DOCTYPE): the fifth edition permits reading it as 1.0; the codec does not',
  ],
]);

const cases = suiteCases();
const malformed = cases.filter((test) => !test.wellFormed);
const wellFormed = cases.filter((test) => test.wellFormed);

describe('the W3C conformance suite', () => {
  it('is complete', () => {
    expect(malformed).toHaveLength(993);
    expect(malformed.filter((test) => !test.hasDoctype)).toHaveLength(228);
    expect(wellFormed).toHaveLength(934);
  });

  it('has no malformed document that the codec accepts', () => {
    const accepted = malformed.filter((test) => parseDocument(test.bytes).ok);
    expect(accepted.map((test) => test.id)).toEqual([]);
  });

  it('has no well-formed document that the codec rejects, except for a DOCTYPE or a listed reason', () => {
    const rejected = wellFormed.filter((test) => {
      const parsed = parseDocument(test.bytes);
      return !parsed.ok && !(test.hasDoctype && parsed.fault.message.includes('a DOCTYPE'));
    });
    expect(rejected.map((test) => test.id).toSorted()).toEqual([...REJECTED_BY_DESIGN.keys()].toSorted());
  });

  it('is read alike as a request and as an answer', () => {
    for (const { id, bytes } of cases) {
      const request = parseDocument(bytes);
      const answer = parseAnswer(bytes, 10_000);
      if (request.ok) expect(answer, id).toEqual(request);
      else expect(answer.ok, id).toBe(false);
    }
  });

  it('parses as libxml2 parses it, wherever the codec accepts it', () => {
    const trees = wellFormed.flatMap((test) => {
      const parsed = parseDocument(test.bytes);
      return parsed.ok ? [{ id: test.id, bytes: test.bytes, root: parsed.root }] : [];
    });
    expect(trees).toHaveLength(60);
    for (const { id, bytes, root } of trees) expect(root, id).toEqual(referenceTree(bytes));
  });
});
