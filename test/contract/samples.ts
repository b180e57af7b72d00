import { readdirSync, readFileSync } from 'node:fs';

/** A block of XML in one of the pages. */
export interface Sample {
  /** Page and line, e.g. `docs/api.md:12`. */
  readonly place: string;
  readonly xml: Buffer;
  readonly kind: 'request' | 'response';
  /** The block behind it in the same page, where that is an answer. */
  readonly answer: Buffer | undefined;
}

const ROOT = new URL('../../', import.meta.url);

/**
 * Every request and answer that a page shows as a block of XML. Blocks about other things (a
 * pom.xml, say) are left out.
 */
export function samples(): Sample[] {
  const inDocs = readdirSync(new URL('docs', ROOT), { recursive: true, encoding: 'utf8' }).map(
    (name) => `docs/${name}`,
  );
  return ['README.md', 'CONTRIBUTING.md', ...inDocs.sort()].filter((name) => name.endsWith('.md')).flatMap(samplesIn);
}

function samplesIn(page: string): Sample[] {
  const text = readFileSync(new URL(page, ROOT), 'utf8');
  const blocks = [...text.matchAll(/^( *)```xml\n([^]*?)^ *```$/gm)].flatMap(
    ({ 1: indent = '', 2: block = '', index }) => {
      const xml = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd();
      const root = /^(?:<\?xml[^?]*\?>\s*)?<(request|response)[ >/]/.exec(xml)?.[1];
      if (root !== 'request' && root !== 'response') return [];
      return [
        { place: `${page}:${text.slice(0, index).split('\n').length}`, xml: Buffer.from(xml), kind: root } as const,
      ];
    },
  );
  return blocks.map((block, at) => {
    const next = blocks[at + 1];
    return { ...block, answer: next?.kind === 'response' ? next.xml : undefined };
  });
}

/** A document without declaration and without white space between its elements. */
export function compact(xml: Uint8Array): string {
  const text = Buffer.from(xml).toString();
  return text
    .replace(/^<\?xml[^?]*\?>/, '')
    .replaceAll(/>\s+</g, '><')
    .trim();
}
