import type { XmlElement } from '../protocol/request.ts';
import type { Parsed } from './document.ts';
import { readText } from './encoding.ts';
import { FaultError } from './fault-error.ts';
import { checkWellFormed, type DocumentEvents } from './well-formedness.ts';

/**
 * Returns what `parseDocument` returns, but builds the tree during the well-formedness check: a page
 * of contacts costs a sixth. `maxElements`: the most elements in one document.
 */
export function parseAnswer(body: Uint8Array, maxElements: number): Parsed {
  const tree = new TreeBuilder();
  try {
    checkWellFormed(readText(body), maxElements, tree);
  } catch (error) {
    if (error instanceof FaultError) return { ok: false, fault: error.fault };
    throw error;
  }
  return { ok: true, root: tree.root };
}

interface OpenElement extends XmlElement {
  attributes: [name: string, value: string][];
  readonly children: OpenElement[];
  text: string;
}

const NO_ATTRIBUTES: [name: string, value: string][] = [];

class TreeBuilder implements DocumentEvents {
  /** What is open, from the outermost element on; the first entry is the document itself. */
  readonly #open: OpenElement[] = [{ name: '', attributes: NO_ATTRIBUTES, children: [], text: '' }];

  /** The root element of a well-formed document that was read to its end. */
  get root(): XmlElement {
    const root = this.#open[0]?.children[0];
    if (root === undefined) throw new Error('a well-formed document has no root element');
    return root;
  }

  opened(name: string): void {
    const element = { name, attributes: NO_ATTRIBUTES, children: [], text: '' };
    this.#open.at(-1)?.children.push(element);
    this.#open.push(element);
  }

  attribute(name: string, value: string): void {
    const element = this.#open.at(-1);
    if (element === undefined) return;
    if (element.attributes === NO_ATTRIBUTES) element.attributes = [];
    element.attributes.push([name, value]);
  }

  text(text: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined) element.text += text;
  }

  closed(): void {
    this.#open.pop();
  }
}
