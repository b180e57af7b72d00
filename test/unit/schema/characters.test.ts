import { Buffer } from 'node:buffer';

import { describe, expect, test } from 'vitest';

import { email, personName } from '../../../src/methods/fields.ts';
import { isLegalText } from '../../../src/protocol/characters.ts';
import { readExactXsd } from '../../../src/schema.ts';
import { xsdProblem } from '../../support/schema-judge.ts';
import { element } from '../methods/request-elements.ts';
import { isAcceptedByWorker } from './worker-judge.ts';

const xsd = readExactXsd({ request: 'ContactCreateRequest' });

function create(firstName: string, address: string): Buffer {
  const fields = `<client_id>1</client_id><first_name>${firstName}</first_name><last_name>Doe</last_name><email>${address}</email>`;
  return Buffer.from(`<request method="contact.create"><contact>${fields}</contact></request>`);
}

interface Place {
  /** The field's text with the character in its place. */
  readonly text: (character: string) => string;
  /** Whether the field's own rule accepts the text. */
  readonly rule: (text: string) => boolean;
  readonly document: (text: string) => Buffer;
}

const inName = {
  rule: (text: string) => personName(element('first_name', text)).ok,
  document: (text: string) => create(text, 'a@b.c'),
};
const inEmail = {
  rule: (text: string) => email(element('email', text)).ok,
  document: (text: string) => create('Jane', text),
};

/** Places that a character can be in, each with another rule. */
const PLACES: Readonly<Record<string, Place>> = {
  'alone in a name': { text: (character) => character, ...inName },
  'in a local part': { text: (character) => `a${character}b@c.d`, ...inEmail },
  'at the start of a label': { text: (character) => `a@${character}b.c`, ...inEmail },
  'in a label': { text: (character) => `a@b${character}c.d`, ...inEmail },
  'at the end of an address': { text: (character) => `a@b.c${character}`, ...inEmail },
};

const CODES = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) =>
  isLegalText(String.fromCodePoint(code)),
);

/**
 * Each code point at which the verdict of the worker or of the schema may change, and its
 * neighbours.
 */
function edges({ text, rule }: Place): Set<number> {
  const ofSchema = [...xsd.matchAll(/&#x([0-9A-F]+);/g)].map(([, code = '']) => Number.parseInt(code, 16));
  const found = new Set<number>([...Array(0x180).keys(), ...ofSchema.flatMap((code) => [code - 1, code, code + 1])]);
  let before: boolean | undefined;
  for (const code of CODES) {
    const isAccepted = rule(text(String.fromCodePoint(code)));
    if (isAccepted !== before) found.add(code - 1).add(code);
    before = isAccepted;
  }
  return found;
}

function escaped(character: string): string {
  return '&<>\r'.includes(character) ? `&#${character.charCodeAt(0)};` : character;
}

// The schema's classes are ranges of code points: between two neighbouring edges neither side
// changes its verdict.
describe('schema and worker accept the same of all characters of XML', () => {
  test.each(Object.entries(PLACES))('%s', (_, place) => {
    const atEdges = edges(place);
    const differ = CODES.filter((code) => {
      if (!atEdges.has(code)) return false;
      const xml = place.document(place.text(escaped(String.fromCodePoint(code))));
      return isAcceptedByWorker(xml) !== (xsdProblem(xml, xsd) === undefined);
    });
    // Allowed where a script needs them, which no pattern of XML Schema says: see
    // exceptions.test.ts.
    expect(differ.filter((code) => code !== 0x200c && code !== 0x200d)).toEqual([]);
  });

  test('a range that the schema lacks is noticed', () => {
    const without = xsd.replace('&#x205F;-&#x206F;', '');
    expect(without).not.toBe(xsd);
    const xml = create('Jane', 'a\u2060b@c.d');
    expect(isAcceptedByWorker(xml)).toBe(false);
    expect(xsdProblem(xml, xsd)).toBeDefined();
    expect(xsdProblem(xml, without)).toBeUndefined();
  });
});
