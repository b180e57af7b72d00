import { elementsNamed, elementText, UnreadableDocumentError } from '../../codec/element-stream.ts';
import type { XmlElement } from '../../protocol/request.ts';
import { IGNORED, REASON, type Mapping, type RowReader } from './row.ts';
import { UnreadableFileError } from './text.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

/**
 * Reads the `<contact>` elements of a document, wherever they are: an export, answers, requests.
 */
export function xmlReader(text: AsyncIterable<string>, mapping: Mapping): RowReader<XmlElement> {
  return {
    async *rows() {
      let number = 0;
      try {
        for await (const { element, line } of elementsNamed(text, 'contact')) {
          number += 1;
          const problem = problemOf(element);
          const fields = element.children
            .filter(({ name }) => !IGNORED.includes(name))
            .map(({ name, text: value }) => [mapping.get(name) ?? name, value] as const);
          yield { number, place: `line ${line}`, fields, source: element, ...(problem !== undefined && { problem }) };
        }
      } catch (error) {
        throw error instanceof UnreadableDocumentError ? new UnreadableFileError(error.message) : error;
      }
    },
    nothing: 'it has no element <contact>',
    head: () => `${DECLARATION}\n<contacts>\n`,
    tail: '</contacts>\n',
    rejected: (element, reason) => {
      const children = element.children.filter(({ name }) => name !== REASON);
      const because: XmlElement = { name: REASON, attributes: [], children: [], text: reason };
      const stray = hasText(element) ? element.text : '';
      return `${elementText({ ...element, text: stray, children: [...children, because] })}\n`;
    },
  };
}

/** What cannot be kept: it is no field. */
function problemOf(element: XmlElement): string | undefined {
  const { attributes, children } = element;
  if (attributes.length > 0 || children.some((child) => child.children.length + child.attributes.length > 0)) {
    return 'has attributes, or elements in elements, where only text is allowed';
  }
  return hasText(element) ? 'has text outside its elements' : undefined;
}

function hasText({ text }: XmlElement): boolean {
  return /[^\t\n\r ]/.test(text);
}
