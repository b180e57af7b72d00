import { fault } from '../protocol/fault.ts';
import type { Fault } from '../protocol/fault.ts';
import type { RequestEnvelope, XmlElement } from '../protocol/request.ts';
import { isBlank, trimmed } from '../protocol/white-space.ts';
import { parseDocument } from './document.ts';

/** A request, or the one fault that it is answered with; `method` where the document named one all the same. */
export type Decoded =
  | { readonly ok: true; readonly request: RequestEnvelope }
  | { readonly ok: false; readonly fault: Fault; readonly method?: string };

export interface DecodeOptions {
  /** A longer body is refused unread (REQUEST_TOO_LARGE). No limit where absent. */
  readonly maxBytes?: number;
}

/**
 * Reads a request's bytes. Pure, and never throws for what a sender can send. Whether the method exists and what it
 * makes of the body is not looked at. Faults: REQUEST_TOO_LARGE, UNSUPPORTED_ENCODING, MALFORMED_XML, INVALID_REQUEST.
 */
export function decode(body: Uint8Array, options: DecodeOptions = {}): Decoded {
  const { maxBytes = Infinity } = options;
  if (body.length > maxBytes) {
    const message = `the request has ${body.length} bytes; at most ${maxBytes} are read`;
    return { ok: false, fault: fault('REQUEST_TOO_LARGE', message) };
  }
  const parsed = parseDocument(body);
  return parsed.ok ? readEnvelope(parsed.root) : parsed;
}

function readEnvelope(root: XmlElement): Decoded {
  if (root.name !== 'request') return invalid('the root element must be <request>');
  const named = root.attributes.find(([name]) => name === 'method');
  if (named === undefined) return invalid('<request> has no attribute method');
  const method = trimmed(named[1]);
  if (method === '') return invalid('the attribute method of <request> is empty');
  if (root.attributes.length > 1) return invalid('<request> has attributes other than method', method);
  if (!isBlank(root.text)) return invalid('text directly inside <request>; only elements belong there', method);
  return { ok: true, request: { method, body: root.children } };
}

function invalid(message: string, method?: string): Decoded {
  const refused = fault('INVALID_REQUEST', message);
  return method === undefined ? { ok: false, fault: refused } : { ok: false, fault: refused, method };
}
