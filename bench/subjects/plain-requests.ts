import { XMLParser } from 'fast-xml-parser';

import { RequestError } from './plain-contacts.ts';

const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false });

/** Returns the method of a request and its elements, those of `<contact>` among them. */
export function readRequest(body: Buffer): { method: string; fields: Record<string, string> } {
  const text = body.toString('utf8');
  const { request } = parsed(text) as { request?: Record<string, unknown> };
  const { '@method': method, contact, ...fields } = request ?? {};
  if (typeof method !== 'string') throw new RequestError('INVALID_REQUEST', 'this is no request');
  return { method, fields: { ...(fields as Record<string, string>), ...(contact as Record<string, string>) } };
}

function parsed(text: string): unknown {
  try {
    return parser.parse(text);
  } catch {
    throw new RequestError('MALFORMED_XML', 'the request is not well-formed');
  }
}
