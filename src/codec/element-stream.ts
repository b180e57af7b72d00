import { SaxesParser } from 'saxes';

import type { XmlElement } from '../protocol/request.ts';
import { MAX_DEPTH } from './well-formedness.ts';

/** Characters of one element: far more than any that is meant. */
const MAX_LENGTH = 1_048_576;

/** The document cannot be read on. Its message names the line and column, and quotes nothing. */
export class UnreadableDocumentError extends Error {
  override readonly name = 'UnreadableDocumentError';
}

/** One element of a long document, and the line that it starts on. */
export interface StreamedElement {
  readonly element: XmlElement;
  readonly line: number;
}

interface OpenElement {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly children: XmlElement[];
  text: string;
}

/**
 * Reads all elements of the name, at any depth below the root, from a document of any length. Holds
 * one element at a time, and what comes before it in the same part of the text.
 * @throws {UnreadableDocumentError} where the document is not well-formed or has a DOCTYPE, behind
 * the elements before it.
 */
export async function* elementsNamed(text: AsyncIterable<string>, name: string): AsyncGenerator<StreamedElement> {
  const reader = new ElementReader(name);
  for await (const part of text) yield* reader.read(part);
  yield* reader.end();
}

class ElementReader {
  readonly #name: string;
  readonly #parser = new SaxesParser({ xmlns: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  /** The element being read and those open in it. */
  readonly #open: OpenElement[] = [];
  #found: StreamedElement[] = [];
  /** Where the last element was found. */
  #foundAt = -1;
  #line = 1;
  #length = 0;

  constructor(name: string) {
    this.#name = name;
    this.#parser.on('opentag', (tag) => this.#opened(tag.name, Object.entries(tag.attributes)));
    this.#parser.on('closetag', () => this.#closed());
    for (const event of ['text', 'cdata'] as const) this.#parser.on(event, (text) => this.#text(text));
    this.#parser.on('doctype', () => this.#refuse('a DOCTYPE; documents with one are not read'));
    this.#parser.on('error', () => {
      // The parser closes open elements at another's end tag before it reports it.
      if (this.#foundAt === this.#parser.position) this.#found.pop();
      this.#refuse('it is not well-formed');
    });
  }

  /** Yields what was read before the part that is wrong, and then throws. */
  *read(part: string): Generator<StreamedElement> {
    yield* this.#yielding(() => this.#parser.write(part));
  }

  *end(): Generator<StreamedElement> {
    yield* this.#yielding(() => this.#parser.close());
  }

  *#yielding(step: () => unknown): Generator<StreamedElement> {
    let failure: UnreadableDocumentError | undefined;
    try {
      step();
    } catch (error) {
      if (!(error instanceof UnreadableDocumentError)) throw error;
      failure = error;
    }
    const found = this.#found;
    this.#found = [];
    yield* found;
    if (failure !== undefined) throw failure;
  }

  #opened(name: string, attributes: OpenElement['attributes']): void {
    if (this.#open.length === 0) {
      if (name.endsWith(`:${this.#name}`)) this.#refuse(`an element ${this.#name} with a prefix; write it without one`);
      if (name !== this.#name) return;
      this.#line = this.#parser.line;
      this.#length = 0;
    }
    if (this.#open.length >= MAX_DEPTH) this.#refuse(`elements nested deeper than ${MAX_DEPTH}`);
    this.#grow(name.length + attributes.flat().join('').length);
    this.#open.push({ name, attributes, children: [], text: '' });
  }

  #closed(): void {
    const element = this.#open.pop();
    if (element === undefined) return;
    const parent = this.#open.at(-1);
    if (parent !== undefined) return void parent.children.push(element);
    this.#found.push({ element, line: this.#line });
    this.#foundAt = this.#parser.position;
  }

  #text(text: string): void {
    const element = this.#open.at(-1);
    if (element === undefined) return;
    this.#grow(text.length);
    element.text += text;
  }

  #grow(length: number): void {
    this.#length += length;
    if (this.#length > MAX_LENGTH) this.#refuse(`a <${this.#name}> of more than ${MAX_LENGTH} characters`);
  }

  #refuse(problem: string): never {
    const { line, column } = this.#parser;
    throw new UnreadableDocumentError(`line ${line}, column ${column}: ${problem}`);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Writes an element that was read from a document. Its names are legal, as they were read. */
export function elementText({ name, attributes, children, text }: XmlElement): string {
  const tag = [name, ...attributes.map(([attribute, value]) => `${attribute}="${escaped(value)}"`)].join(' ');
  return `<${tag}>${escaped(text)}${children.map(elementText).join('')}</${name}>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"\t\r]/g, (character) => ESCAPES[character] ?? `&#${character.charCodeAt(0)};`);
}
