import type { XmlElement } from '../../protocol/request.ts';

const MAX_ELEMENTS = 200;
const HIDDEN = '•••';

/**
 * The document with every value replaced. Names that are not in `known`, methods included, are
 * replaced, too: a producer can write anything there.
 */
export function outline(root: XmlElement, known: ReadonlySet<string>): string {
  let left = MAX_ELEMENTS;
  const lines: string[] = [];
  const write = ({ name, attributes, children, text }: XmlElement, indent: string): void => {
    left -= 1;
    if (left < 0) return;
    const shown = known.has(name) ? name : HIDDEN;
    const given = attributes.map(([key, value]) =>
      key === 'method' && known.has(value) ? ` method="${value}"` : ` ${HIDDEN}`,
    );
    const open = `${indent}<${shown}${given.join('')}`;
    if (children.length === 0) {
      lines.push(text.trim() === '' ? `${open}/>` : `${open}>${HIDDEN}</${shown}>`);
      return;
    }
    lines.push(`${open}>`);
    for (const child of children) write(child, `${indent}  `);
    lines.push(`${indent}</${shown}>`);
  };
  write(root, '');
  if (left < 0) lines.push(`… ${-left} more elements`);
  return lines.join('\n');
}
