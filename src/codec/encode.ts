import { Buffer } from 'node:buffer';
import { create } from 'xmlbuilder2';
import type { Fault } from '../protocol/fault.ts';
import type { ResponseElement, ResponseEnvelope } from '../protocol/response.ts';
import { isLegalText } from './characters.ts';

type Writer = ReturnType<typeof create>;

/**
 * Writes an answer as UTF-8, without white space of its own.
 *
 * Throws where a text holds a character that XML 1.0 forbids. Nothing that came in as XML can, so it is a defect or was
 * written to the database by someone else; a replacement character would hide that, and a client that reads a contact and
 * writes it back would make it permanent. The error names the element, not its text.
 */
export function encode(response: ResponseEnvelope): Buffer {
  const document = create({ version: '1.0', encoding: 'UTF-8' });
  const root = document.ele('response', { status: response.status });
  for (const element of contentOf(response)) append(root, element);
  // wellFormed checks names and characters once more. CR is left as it is and would come back as LF.
  const text = document.end({ wellFormed: true }).replaceAll('\r', '&#xD;');
  return Buffer.from(text, 'utf8');
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

function append(parent: Writer, { name, content }: ResponseElement): void {
  const element = parent.ele(name);
  if (typeof content !== 'string') {
    for (const child of content) append(element, child);
  } else if (content !== '') {
    if (!isLegalText(content)) throw new Error(`the text of <${name}> holds a character that XML 1.0 forbids`);
    // xmlbuilder2 leaves `&word;` as it is, so every & is escaped here; it does not escape `&amp;` a second time.
    element.txt(content.replaceAll('&', '&amp;'));
  }
}
