import { create } from 'xmlbuilder2';

/** The start-tag, end-tag and empty-element tag of an element. */
export interface Tags {
  readonly start: string;
  readonly end: string;
  readonly empty: string;
}

const CONTENT = 'x';
const elementTags = new Map<string, Tags>();
const responseRoots = new Map<string, Tags>();
const requestRoots = new Map<string, Tags>();

/**
 * The tags of an element, which xmlbuilder2 writes once per name. Rebuilding its tree for every
 * answer took 10 % of the worker's time, and 33 % for lists. Names must come from the code, as each
 * is cached. Throws if the name is not an XML name.
 */
export function tagsOf(name: string): Tags {
  return cached(elementTags, name, () => writeTags(name, {}));
}

/** The tags of an answer's root element. */
export function responseTags(status: string): Tags {
  return cached(responseRoots, status, () => writeTags('response', { status }));
}

/** The tags of a request's root element. */
export function requestTags(method: string): Tags {
  return cached(requestRoots, method, () => writeTags('request', { method }));
}

function cached(tags: Map<string, Tags>, key: string, write: () => Tags): Tags {
  const known = tags.get(key);
  if (known !== undefined) return known;
  const written = write();
  tags.set(key, written);
  return written;
}

/** The XML declaration, as xmlbuilder2 writes it. */
export const DECLARATION = create({ version: '1.0', encoding: 'UTF-8' }).end();

function writeTags(name: string, attributes: Readonly<Record<string, string>>): Tags {
  const empty = create().ele(name, attributes);
  const full = create().ele(name, attributes).txt(CONTENT);
  const text = full.toString({ wellFormed: true });
  const end = text.slice(text.lastIndexOf('</'));
  return {
    start: text.slice(0, -end.length - CONTENT.length),
    end,
    empty: empty.toString({ wellFormed: true }),
  };
}
