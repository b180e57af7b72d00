import { Buffer } from 'node:buffer';
import type { Fault } from '../protocol/fault.ts';
import type { ResponseElement, ResponseEnvelope } from '../protocol/response.ts';
import { isLegalText } from '../protocol/characters.ts';
import { DECLARATION, requestTags, responseTags, tagsOf, type Tags } from './tags.ts';

/**
 * Encodes an answer as UTF-8 without added white space. Throws if a text contains a character that
 * XML 1.0 forbids; the error names the element, not its text. No request can contain such a
 * character, so it is a defect or another program wrote it to the database. A replacement character
 * would hide that, and a client that reads a contact and writes it back would make the loss
 * permanent.
 */
export function encode(response: ResponseEnvelope): Buffer {
  return document(responseTags(response.status), contentOf(response));
}

/**
 * Encodes a request as UTF-8, for a client of the worker. Both `method` and the names of elements
 * must come from the code. Throws if a text contains a character that XML 1.0 forbids; the error
 * names the element, not its text.
 */
export function encodeRequest(method: string, body: readonly ResponseElement[]): Buffer {
  return document(requestTags(method), body);
}

function document({ start, end, empty }: Tags, content: readonly ResponseElement[]): Buffer {
  const root = content.length === 0 ? empty : start + serialize(content) + end;
  return Buffer.from(DECLARATION + root, 'utf8');
}

function contentOf(response: ResponseEnvelope): readonly ResponseElement[] {
  return response.status === 'ok' ? response.content : response.faults.map(errorElement);
}

function errorElement(fault: Fault): ResponseElement {
  const code = { name: 'code', content: fault.code };
  const message = { name: 'message', content: fault.message };
  const { field } = fault;
  return {
    name: 'error',
    content: field === undefined ? [code, message] : [code, { name: 'field', content: field }, message],
  };
}

function serialize(elements: readonly ResponseElement[]): string {
  let xml = '';
  for (const { name, content } of elements) {
    const { start, end, empty } = tagsOf(name);
    if (content.length === 0) xml += empty;
    else xml += start + (typeof content === 'string' ? escapeText(content, name) : serialize(content)) + end;
  }
  return xml;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  // Unescaped, a parser would read it as LF.
  ['\r', '&#xD;'],
]);
const TO_ESCAPE = /[&<>\r]/;
const ALL_TO_ESCAPE = /[&<>\r]/g;

function escapeText(text: string, name: string): string {
  if (!isLegalText(text)) throw new Error(`the text of <${name}> holds a character that XML 1.0 forbids`);
  return TO_ESCAPE.test(text) ? text.replace(ALL_TO_ESCAPE, (character) => ESCAPES.get(character) ?? '') : text;
}
