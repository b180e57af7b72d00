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
          const nested = element.children.find(({ children, attributes }) => children.length + attributes.length > 0);
          const problem =
            nested !== undefined || element.attributes.length > 0
              ? 'has attributes, or elements in elements, where only text is allowed'
              : undefined;
          const fields = element.children
            .filter(({ name }) => !IGNORED.includes(name))
            .map(({ name, text: value }) => [mapping.get(name) ?? name, value] as const);
          yield { number, place: `line ${line}`, fields, source: element, ...(problem !== undefined && { problem }) };
        }
      } catch (error) {
        throw error instanceof UnreadableDocumentError ? new UnreadableFileError(error.message) : error;
      }
    },
    head: () => `${DECLARATION}\n<contacts>\n`,
    tail: '</contacts>\n',
    rejected: (element, reason) => {
      const children = element.children.filter(({ name }) => name !== REASON);
      const because: XmlElement = { name: REASON, attributes: [], children: [], text: reason };
      return `${elementText({ ...element, text: '', children: [...children, because] })}\n`;
    },
  };
}
