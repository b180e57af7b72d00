import type { XmlElement } from '../protocol/request.ts';
import type { DocumentEvents } from './well-formedness.ts';

interface OpenElement extends XmlElement {
  attributes: [name: string, value: string][];
  children: OpenElement[];
  text: string;
}

// Shared, as most elements have none.
const NO_ATTRIBUTES: [name: string, value: string][] = [];
const NO_CHILDREN: OpenElement[] = [];

/** Builds a document's tree from what the well-formedness check reads. */
export class TreeBuilder implements DocumentEvents {
  readonly #maxDepth: number;
  /** What is open, from the outermost element on; the first entry is the document itself. */
  readonly #open: OpenElement[] = [newElement('')];
  /** Open elements below the last one in `#open`. */
  #below = 0;

  /** `maxDepth`: levels of elements to keep; the root is the first. Deeper ones are left out. */
  constructor(maxDepth = Infinity) {
    this.#maxDepth = maxDepth;
  }

  /** The root element of a well-formed document that was read to its end. */
  get root(): XmlElement {
    const root = this.#open[0]?.children[0];
    if (root === undefined) throw new Error('a well-formed document has no root element');
    return root;
  }

  opened(name: string): void {
    const parent = this.#open.at(-1);
    if (parent === undefined || this.#open.length > this.#maxDepth) {
      this.#below += 1;
      return;
    }
    const element = newElement(name);
    if (parent.children === NO_CHILDREN) parent.children = [element];
    else parent.children.push(element);
    this.#open.push(element);
  }

  attribute(name: string, value: string): void {
    const element = this.#current;
    if (element === undefined) return;
    if (element.attributes === NO_ATTRIBUTES) element.attributes = [];
    element.attributes.push([name, value]);
  }

  text(text: string): void {
    const element = this.#current;
    if (element !== undefined) element.text += text;
  }

  closed(): void {
    if (this.#below > 0) this.#below -= 1;
    else this.#open.pop();
  }

  get #current(): OpenElement | undefined {
    return this.#below > 0 ? undefined : this.#open.at(-1);
  }
}

function newElement(name: string): OpenElement {
  return { name, attributes: NO_ATTRIBUTES, children: NO_CHILDREN, text: '' };
}
