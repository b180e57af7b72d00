import { ParseOption, XmlDocument, XsdValidator } from 'libxml2-wasm';

import { HEADERS, NO_METHOD } from '../../src/protocol/catalogue.ts';
import { exactTypeOf, readExactXsd, type ExactTypes } from '../../src/schema.ts';

/**
 * The methods of the contract. Tests add methods of their own, whose answers no schema describes.
 */
export const METHODS = ['contact.create', 'contact.update', 'contact.get', 'contact.delete', 'contact.list'] as const;

// Without NOCDATA libxml2 refuses white space between elements that is written as CDATA, which XML
// Schema allows.
const OPTIONS =
  ParseOption.XML_PARSE_NO_XXE |
  ParseOption.XML_PARSE_NONET |
  ParseOption.XML_PARSE_NOERROR |
  ParseOption.XML_PARSE_NOCDATA;

const validators = new Map<string, XsdValidator>();

/**
 * What libxml2 finds wrong with a document by contacts.xsd, with its elements bound to `types`;
 * `undefined` where nothing is.
 */
export function schemaProblem(xml: Uint8Array, types: ExactTypes = {}): string | undefined {
  return xsdProblem(xml, xsdOf(types));
}

const xsds = new Map<string, string>();

function xsdOf(types: ExactTypes): string {
  const key = `${types.request} ${types.response}`;
  const known = xsds.get(key) ?? readExactXsd(types);
  xsds.set(key, known);
  return known;
}

/**
 * What libxml2 finds wrong with a document by this schema; `undefined` where nothing is. Throws
 * where the schema is none.
 */
export function xsdProblem(xml: Uint8Array, xsd: string): string | undefined {
  const validator = validatorOf(xsd);
  let document: XmlDocument | undefined;
  try {
    document = XmlDocument.fromBuffer(xml, { option: OPTIONS });
    validator.validate(document);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : 'refused';
  } finally {
    document?.dispose();
  }
}

/**
 * As `schemaProblem`, for a request by the exact type of the method that it names, or by the
 * general type where that is none.
 */
export function requestProblem(xml: Uint8Array, method: string): string | undefined {
  return schemaProblem(xml, isMethod(method) ? { request: exactTypeOf(method, 'Request') } : {});
}

/** What identifies an answer beside its document. */
export interface AnswerProperties {
  readonly type?: unknown;
  readonly contentType?: unknown;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * What the contract forbids about an answer; `undefined` where nothing, or where its method is not
 * one of the contract.
 */
export function answerProblem(
  xml: Uint8Array,
  { type, contentType, headers = {} }: AnswerProperties,
): string | undefined {
  const method = String(type);
  if (method !== NO_METHOD && !isMethod(method)) return undefined;
  const status = headers[HEADERS.status];
  if (contentType !== 'application/xml') return `content_type is ${String(contentType)}`;
  if (status === 'fail') return headersProblem('', headers) ?? schemaProblem(xml, { response: 'FailResponse' });
  if (status !== 'ok' || method === NO_METHOD) return `status is ${String(status)}, type is ${method}`;
  return headersProblem(method, headers) ?? schemaProblem(xml, { response: exactTypeOf(method, 'Response') });
}

interface HeaderRule {
  readonly methods: readonly string[];
  readonly isMandatory: boolean;
  readonly isValid: (value: unknown) => boolean;
}

const isNumber = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1;
const onPage = { methods: ['contact.list'], isMandatory: true };

/** The headers of successful answers beside `status`. */
const HEADER_RULES: Readonly<Record<string, HeaderRule>> = {
  [HEADERS.page]: { ...onPage, isValid: isNumber },
  [HEADERS.perPage]: { ...onPage, isValid: isNumber },
  [HEADERS.hasMore]: { ...onPage, isValid: (value) => typeof value === 'boolean' },
  [HEADERS.repeated]: {
    methods: ['contact.create', 'contact.update', 'contact.delete'],
    isMandatory: false,
    isValid: (value) => value === true,
  },
};

function headersProblem(method: string, headers: Readonly<Record<string, unknown>>): string | undefined {
  const allowed = Object.entries(HEADER_RULES).filter(([, { methods }]) => methods.includes(method));
  const names = new Set<string>([
    HEADERS.status,
    HEADERS.traceparent,
    HEADERS.tracestate,
    ...allowed.map(([name]) => name),
  ]);
  const other = Object.keys(headers).find((name) => !names.has(name));
  if (other !== undefined) return `the header ${other} does not belong here`;
  const wrong = allowed.find(([name, { isMandatory, isValid }]) => {
    const value = headers[name];
    return value === undefined ? isMandatory : !isValid(value);
  });
  return wrong && `the header ${wrong[0]} is missing or wrong`;
}

function isMethod(name: string): boolean {
  return METHODS.some((method) => method === name);
}

function validatorOf(xsd: string): XsdValidator {
  const known = validators.get(xsd);
  if (known !== undefined) return known;
  const schema = XmlDocument.fromString(xsd);
  try {
    const made = XsdValidator.fromDoc(schema);
    validators.set(xsd, made);
    return made;
  } finally {
    schema.dispose();
  }
}
