import { Buffer } from 'node:buffer';
import type { Fault } from '../protocol/fault.ts';
import type { EncodeRows, OkResponse, ResponseElement, ResponseEnvelope } from '../protocol/response.ts';
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
  const tags = responseTags(response.status);
  const content = contentOf(response);
  if (!('encoded' in content)) return document(tags, content);
  const { encoded } = content;
  if (encoded.every(({ length }) => length === 0)) return document(tags, []);
  return Buffer.concat([Buffer.from(DECLARATION + tags.start, 'utf8'), ...encoded, Buffer.from(tags.end, 'utf8')]);
}

/** See `EncodeRows`. Writes no element objects: lists are most of what the worker encodes. */
export const encodeRows: EncodeRows = ({ name, columns }, rows, illegal) => {
  const row = tagsOf(name);
  const cells = columns.map((column) => ({ column, tags: tagsOf(column) }));
  let xml = '';
  rows.forEach((values, at) => {
    let content = '';
    for (const { column, tags } of cells) {
      const text = cellText(values[column]);
      if (text === undefined) return illegal(at);
      content += text === '' ? tags.empty : tags.start + text + tags.end;
    }
    xml += row.start + content + row.end;
  });
  return Buffer.from(xml, 'utf8');
};

/** The escaped text; `undefined` if XML forbids one of its characters. */
function cellText(value: string | number): string | undefined {
  if (typeof value === 'number') return String(value);
  if (isPlain(value)) return value;
  return isLegalText(value) ? escaped(value) : undefined;
}

/** Whether the text needs neither the check of its characters nor an escape, at a glance. */
function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code >= 0xd800 || code === AMPERSAND || code === LESS || code === GREATER) return false;
  }
  return true;
}

const [AMPERSAND, LESS, GREATER] = [0x26, 0x3c, 0x3e];

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

function contentOf(response: ResponseEnvelope): OkResponse['content'] {
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

const TO_ESCAPE = /[&<>\r]/;

function escapeText(text: string, name: string): string {
  if (!isLegalText(text)) throw new Error(`the text of <${name}> holds a character that XML 1.0 forbids`);
  return escaped(text);
}

/** Four passes take half the time of one that looks up each character, if many need an escape. */
function escaped(text: string): string {
  if (!TO_ESCAPE.test(text)) return text;
  const markup = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  // Unescaped, a parser would read it as LF.
  return markup.replace(/\r/g, '&#xD;');
}
