import { Buffer } from 'node:buffer';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { exactTypeOf, readExactXsd } from '../../../src/schema.ts';
import { METHODS, schemaProblem, xsdProblem } from '../../support/schema-judge.ts';
import { runs } from '../codec/arbitraries.ts';
import { anyGoodRequest, differenceOver, spelled, type RequestJudge, type Spelled } from './agreement.ts';
import { anyMutation, MUTATIONS, type Mutation } from './mutations.ts';
import type { Node } from './rendering.ts';
import { goodRequest, METHOD_NAMES } from './requests.ts';
import { isAcceptedByWorker } from './worker-judge.ts';

/** Compares worker and schema; returns how many documents were accepted and refused. */
function verdicts(documents: fc.Arbitrary<Spelled>, numRuns: number): { accepted: number; refused: number } {
  const count = { accepted: 0, refused: 0 };
  const property = fc.property(documents, ({ xml, method, encoding }) => {
    const difference = differenceOver(xml, method, encoding);
    if (difference !== undefined) expect.fail(difference);
    const isAccepted = isAcceptedByWorker(xml);
    // The general type has to hold for whatever an exact type holds for.
    if (isAccepted) expect(schemaProblem(xml)).toBeUndefined();
    count[isAccepted ? 'accepted' : 'refused'] += 1;
  });
  fc.assert(property, { numRuns });
  return count;
}

const severalBroken = anyGoodRequest.chain(anyMutation).chain(anyMutation).chain(anyMutation);

describe('schema and worker accept the same requests', () => {
  test.each(METHOD_NAMES)('%s: every valid request, in any spelling', (method) => {
    expect(verdicts(spelled(goodRequest(method)), runs(200)).refused).toBe(0);
  });

  test.each(Object.entries(MUTATIONS))('%s', (_, mutation: Mutation) => {
    expect(verdicts(spelled(anyGoodRequest.chain(mutation)), runs(300)).refused).toBeGreaterThan(0);
  });

  test('several rules are broken at once', () => {
    const { accepted, refused } = verdicts(spelled(severalBroken), runs(600));
    expect(accepted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });

  test('one character of the document is another one, missing or too many', () => {
    const { accepted, refused } = verdicts(damaged(anyGoodRequest), runs(600));
    expect(accepted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });
});

/**
 * Characters that markup consists of, and some that XML forbids. A colon is not among them: see
 * exceptions.test.ts.
 */
const MARKUP = [...'<>&;"\'=/!?-#x1 ]\t', '\0', '\u0001', '\uFFFE', '\u201C'];

function damaged(requests: fc.Arbitrary<Node>): fc.Arbitrary<Spelled> {
  const anywhere = fc.double({ min: 0, max: 0.999, noNaN: true });
  return fc
    .tuple(spelled(requests), anywhere, fc.integer({ min: 0, max: 1 }), fc.constantFrom('', ...MARKUP))
    .filter(([{ encoding }]) => encoding === 'utf8')
    .map(([document, part, removed, added]) => {
      // The prolog can ask for more than the schema sees: see exceptions.test.ts.
      const [prolog = '', root = ''] = document.xml.toString().split(/(?=<request[ \n])/);
      const characters = [...root];
      characters.splice(Math.floor(part * characters.length), removed, added);
      return { ...document, xml: Buffer.from(prolog + characters.join('')) };
    });
}

/** Errors that could be in the schema: what stands there instead of what. */
const ERRORS: readonly (readonly [right: string | RegExp, wrong: string])[] = [
  ['value="9007199254740991"', 'value="9007199254740992"'],
  ['[1-9][0-9]{0,15}', '[0-9]{1,16}'],
  ['<xs:maxInclusive value="1000"/>', '<xs:maxInclusive value="1001"/>'],
  ['{0,254}', '{0,255}'],
  ['{0,254}', '{0,253}'],
  ['\\s*\\S[\\s\\S]{0,254}\\s*', '\\S[\\s\\S]{0,254}\\s*'],
  ['{0,63}', '{0,64}'],
  ['\\S{3,254}', '\\S{3,255}'],
  [/\{1,63\}/g, '{1,64}'],
  [/(?<=name="NewContact">[^]*?name="phone" type="PhoneNumber") minOccurs="0"/, ''],
  [/(?<=name="NewContact">[^]*?name="last_name" type="PersonName")/, ' minOccurs="0"'],
  [/(?<=name="ContactChanges">[^]*?name="contact_id" type="Id")/, ' minOccurs="0"'],
  [/(?<=name="ContactGetRequest">[^]*?name="contact_id" type="Id")/, ' minOccurs="0"'],
  [/(?<=name="ContactListRequest">[^]*?)<xs:element name="email".*/, ''],
  ['<xs:restriction base="xs:token">', '<xs:restriction base="xs:string">'],
  [/use="required"(?= fixed="contact.list")/, ''],
];

describe('the comparison notices an error in the schema', () => {
  const otherValue = MUTATIONS['a value is another one'] ?? anyMutation;
  const broken = fc.oneof(
    anyGoodRequest,
    anyGoodRequest.chain(otherValue),
    anyGoodRequest.chain(anyMutation),
    severalBroken,
  );

  test.each(ERRORS)('%s → %s', (right, wrong) => {
    const judge = judgeWith((xsd) => {
      const changed = xsd.replace(right, wrong);
      if (changed === xsd) throw new Error('nothing was changed');
      return changed;
    });
    const property = fc.property(
      spelled(broken),
      ({ xml, method, encoding }) => differenceOver(xml, method, encoding, judge) === undefined,
    );
    expect(fc.check(property, { seed: 1, numRuns: 40_000, endOnFailure: true }).failed).toBe(true);
  });
});

function judgeWith(change: (xsd: string) => string): RequestJudge {
  const general = change(readExactXsd({}));
  const exact = new Map(
    METHODS.map((name) => [name as string, change(readExactXsd({ request: exactTypeOf(name, 'Request') }))]),
  );
  return (xml, method) => xsdProblem(xml, exact.get(method) ?? general);
}
