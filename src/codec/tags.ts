import { create } from 'xmlbuilder2';

/** How an element is written around its content, and without any. */
export interface Tags {
  readonly open: string;
  readonly close: string;
  readonly empty: string;
}

const CONTENT = 'x';
const ofElements = new Map<string, Tags>();
const ofResponses = new Map<string, Tags>();
const ofRequests = new Map<string, Tags>();

/**
 * The tags of an element, written by xmlbuilder2 once for each name: to build its tree anew for every answer took a
 * tenth of the worker's time, and a third of it for lists. Names must come from the code, as each is kept. Throws where a
 * name is none.
 */
export function tagsOf(name: string): Tags {
  return remembered(ofElements, name, () => writeTags(name, {}));
}

/** The tags of an answer's root element. */
export function responseTags(status: string): Tags {
  return remembered(ofResponses, status, () => writeTags('response', { status }));
}

/** The tags of a request's root element. */
export function requestTags(method: string): Tags {
  return remembered(ofRequests, method, () => writeTags('request', { method }));
}

function remembered(tags: Map<string, Tags>, key: string, write: () => Tags): Tags {
  const known = tags.get(key);
  if (known !== undefined) return known;
  const made = write();
  tags.set(key, made);
  return made;
}

/** The XML declaration, as xmlbuilder2 writes it. */
export const DECLARATION = create({ version: '1.0', encoding: 'UTF-8' }).end();

function writeTags(name: string, attributes: Readonly<Record<string, string>>): Tags {
  const empty = create().ele(name, attributes);
  const full = create().ele(name, attributes).txt(CONTENT);
  const text = full.toString({ wellFormed: true });
  const close = text.slice(text.lastIndexOf('</'));
  return {
    open: text.slice(0, -close.length - CONTENT.length),
    close,
    empty: empty.toString({ wellFormed: true }),
  };
}
