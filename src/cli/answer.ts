import { parseDocument } from '../codec/document.ts';
import type { Problem } from '../client/index.ts';

/** The errors that an answer document lists; none where it succeeded. */
export function errorsIn(xml: string): readonly Problem[] {
  const parsed = parseDocument(Buffer.from(xml));
  if (!parsed.ok) return [];
  return parsed.root.children
    .filter(({ name }) => name === 'error')
    .map(({ children }) => {
      const text = (name: string): string => children.find((child) => child.name === name)?.text ?? '';
      const field = text('field');
      return { code: text('code'), ...(field !== '' && { field }), message: text('message') };
    });
}
