import { XMLBuilder, XMLParser } from 'fast-xml-parser';

import { RequestError, type Stored } from '../plain-contacts.ts';

const OPTIONS = { ignoreAttributes: false, attributeNamePrefix: '@' };
const parser = new XMLParser({ ...OPTIONS, parseTagValue: false });
const builder = new XMLBuilder({ ...OPTIONS, suppressEmptyNode: true });
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

/** What an answer tells; empty for update and delete. */
export interface Outcome {
  readonly created?: number;
  readonly contacts?: readonly Stored[];
  readonly error?: RequestError;
}

/** Returns the method of a request and its elements, those of `<contact>` among them. */
export function readRequest(body: Buffer): { method: string; fields: Record<string, string> } {
  const { request } = parsed(body.toString('utf8')) as { request?: Record<string, unknown> };
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

export function writeAnswer({ created, contacts, error }: Outcome): string {
  const response = {
    '@status': error === undefined ? 'ok' : 'fail',
    ...(error !== undefined && { error: { code: error.code, message: error.message } }),
    ...(created !== undefined && { contact_id: created }),
    ...(contacts !== undefined && { contact: contacts.map(elementsOf) }),
  };
  return DECLARATION + builder.build({ response });
}

function elementsOf({ _id, first_name, last_name, email, phone = '', mobile_phone = '' }: Stored): object {
  return { contact_id: _id, first_name, last_name, email, phone, mobile_phone };
}
