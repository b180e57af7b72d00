import type { BenchRequest } from '../load/requests.ts';

/** What the hostile producer sends: one kind in each run. */
export const HOSTILE = [
  'oversized',
  'huge',
  'deep',
  'malformed',
  'slow',
  'attributes',
  'references',
  'comments',
  'headers',
] as const;
export type Hostile = (typeof HOSTILE)[number];

/** The default of MAX_REQUEST_BYTES. */
const MAX_REQUEST_BYTES = 65_536;
const ELEMENTS = 9_000;

const CREATE = 'contact.create';

/** Returns the documents of a kind, each as large as its kind allows. They all have no effect. */
export function hostileDocument(kind: Hostile): BenchRequest {
  return { type: CREATE, ...DOCUMENTS[kind]() };
}

const DOCUMENTS: Readonly<Record<Hostile, () => Omit<BenchRequest, 'type'>>> = {
  oversized: () => ({ body: Buffer.from(inRequest('x'.repeat(4 * MAX_REQUEST_BYTES))) }),
  huge: () => ({ body: Buffer.from(inRequest('x'.repeat(64 * MAX_REQUEST_BYTES))) }),
  // The deepest nesting that is accepted, again and again.
  deep: () => ({ body: Buffer.from(inRequest(filled(`${'<a>'.repeat(62)}${'</a>'.repeat(62)}`))) }),
  // The fault is at the very end.
  malformed: () => ({ body: Buffer.from(inRequest(`${filled('<a>x</a>')}<`)) }),
  // Different names cost more than any other content: each is compared with all before it.
  slow: () => {
    const names = Array.from({ length: ELEMENTS }, (_, at) => `<a${at.toString(36)}/>`).join('');
    return { body: Buffer.from(inRequest(`<contact>${names.slice(0, names.lastIndexOf('<', 65_000))}</contact>`)) };
  },
  attributes: () => {
    const most = Array.from({ length: 32 }, (_, at) => ` b${at}=""`).join('');
    return { body: Buffer.from(inRequest(filled(`<a${most}></a>`))) };
  },
  // The next two are no more than a request may have.
  references: () => ({ body: Buffer.from(inRequest(`<contact><phone>${'&#9;'.repeat(4_096)}</phone></contact>`)) }),
  comments: () => ({ body: Buffer.from(inRequest(`<!--${'-x'.repeat(28)}-->`.repeat(1_000))) }),
  // Many small headers: the client library would make an object of them.
  headers: () => ({
    body: Buffer.from(inRequest('')),
    headers: Object.fromEntries(Array.from({ length: 4_000 }, (_, at) => [`x-${at}`, at])),
  }),
};

/** Repeats the part up to the length that is read, and 10,000 elements at most. */
function filled(part: string): string {
  const elements = part.split('</').length - 1;
  return part.repeat(Math.floor(Math.min(65_000 / part.length, ELEMENTS / elements)));
}

function inRequest(content: string): string {
  return `<request method="${CREATE}">${content}</request>`;
}

/** Bytes of body and headers on the wire, about. */
export function sizeOf({ body, headers = {} }: BenchRequest): number {
  const names = Object.keys(headers);
  return body.length + names.reduce((sum, name) => sum + name.length + 6, 0);
}
