import { Buffer } from 'node:buffer';
import type { Fault } from '../protocol/fault.ts';
import type { ResponseElement, ResponseEnvelope } from '../protocol/response.ts';
import { isLegalText } from '../protocol/characters.ts';
import { DECLARATION, requestTags, responseTags, tagsOf, type Tags } from './tags.ts';

/**
 * Writes an answer as UTF-8, without white space of its own.
 *
 * Throws where a text holds a character that XML 1.0 forbids. Nothing that came in as XML can, so it is a defect or was
 * written to the database by someone else; a replacement character would hide that, and a client that reads a contact and
 * writes it back would make it permanent. The error names the element, not its text.
 */
export function encode(response: ResponseEnvelope): Buffer {
  return document(responseTags(response.status), contentOf(response));
}

/**
 * Writes a request as UTF-8, for a client of the worker. Both `method` and the names of elements must come from the code.
 * Throws where a text holds a character that XML 1.0 forbids; the error names the element, not its text.
 */
export function encodeRequest(method: string, body: readonly ResponseElement[]): Buffer {
  return document(requestTags(method), body);
}

function document({ open, close, empty }: Tags, content: readonly ResponseElement[]): Buffer {
  const root = content.length === 0 ? empty : open + written(content) + close;
  return Buffer.from(DECLARATION + root, 'utf8');
}

function contentOf(response: ResponseEnvelope): readonly ResponseElement[] {
  return response.status === 'ok' ? response.content : response.faults.map(errorElement);
}

function errorElement(problem: Fault): ResponseElement {
  const code = { name: 'code', content: problem.code };
  const message = { name: 'message', content: problem.message };
  const { field } = problem;
  return {
    name: 'error',
    content: field === undefined ? [code, message] : [code, { name: 'field', content: field }, message],
  };
}

function written(elements: readonly ResponseElement[]): string {
  let xml = '';
  for (const { name, content } of elements) {
    const { open, close, empty } = tagsOf(name);
    if (content.length === 0) xml += empty;
    else xml += open + (typeof content === 'string' ? escaped(content, name) : written(content)) + close;
  }
  return xml;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  // Left as it is, it would come back as LF.
  ['\r', '&#xD;'],
]);
const TO_ESCAPE = /[&<>\r]/;
const ALL_TO_ESCAPE = /[&<>\r]/g;

function escaped(text: string, name: string): string {
  if (!isLegalText(text)) throw new Error(`the text of <${name}> holds a character that XML 1.0 forbids`);
  return TO_ESCAPE.test(text) ? text.replace(ALL_TO_ESCAPE, (character) => ESCAPES.get(character) ?? '') : text;
}
