import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The files of the contract, by the word that `contacts schema` knows them by. */
export const SCHEMA_FILES = {
  xsd: fileURLToPath(new URL('../schema/contacts.xsd', import.meta.url)),
  asyncapi: fileURLToPath(new URL('../schema/asyncapi.yaml', import.meta.url)),
} as const;

export type SchemaFile = keyof typeof SCHEMA_FILES;

/** The text of a file of the contract. */
export function readSchema(file: SchemaFile): string {
  return readFileSync(SCHEMA_FILES[file], 'utf8');
}

/**
 * The exact types of contacts.xsd that its two elements are bound to; an element that is not named
 * keeps its general type.
 */
export interface ExactTypes {
  readonly request?: string;
  readonly response?: string;
}

/**
 * The text of contacts.xsd with `<request>` or `<response>` bound to the exact type of one method.
 */
export function readExactXsd(types: ExactTypes): string {
  return Object.entries(types).reduce(bound, readSchema('xsd'));
}

/**
 * The name of a method's exact type: `contact.create` has ContactCreateRequest and
 * ContactCreateResponse.
 */
export function exactTypeOf(method: string, kind: 'Request' | 'Response'): string {
  const words = method.split('.').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return words.join('') + kind;
}

function bound(xsd: string, [element, type]: readonly [string, string]): string {
  const general = new RegExp(`(<xs:element name="${element}" type=")[A-Za-z]+(?="/>\\n)`, 'g');
  const found = xsd.match(general)?.length ?? 0;
  if (found !== 1) throw new Error(`contacts.xsd declares <${element}> ${found} times`);
  if (!xsd.includes(`<xs:complexType name="${type}">`)) throw new Error(`contacts.xsd has no type ${type}`);
  return xsd.replace(general, `$1${type}`);
}
